import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { isPssrError, PssrError, type Reason } from "@pssr/api";
import { InferencePool, type InferencePoolOptions, type ModelSource } from "@pssr/inference";
import { createNetwork, initialWeights } from "@pssr/networks";
import { image, modelOf } from "./sample-models.js";

const network = createNetwork({ scale: 2, options: { width: 8, depth: 1 } });
const tile = image(1, 16, 16);

function withReason(reason: Reason): (error: unknown) => boolean {
  return (error) => isPssrError(error, reason);
}

async function withPool(options: InferencePoolOptions, action: (pool: InferencePool) => Promise<void>): Promise<void> {
  const pool = new InferencePool(options);
  try {
    await action(pool);
  } finally {
    await pool.close();
  }
}

/** A model that counts how often its file is read. */
function counted(seed: number): ModelSource & { loads: number } {
  const model = modelOf(network, initialWeights(network, seed));
  return {
    digest: `${model.digest}-${seed}`,
    loads: 0,
    load(options) {
      this.loads++;
      return model.load(options);
    },
  };
}

/** A model whose file arrives when told, so that a worker is busy for as long as a test needs. */
function held(seed: number): ModelSource & { started: Promise<void>; release(): void } {
  const model = counted(seed);
  let begin!: () => void;
  let release!: () => void;
  const started = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    digest: model.digest,
    started,
    release,
    async load(options) {
      begin();
      await released;
      return model.load(options);
    },
  };
}

test("a model is read once and kept; the least recently used goes when there is no room", async () => {
  await withPool({ workers: 1, modelsPerWorker: 2 }, async (pool) => {
    const [a, b, c] = [counted(1), counted(2), counted(3)];
    for (const model of [a, b, a, c, a]) await pool.run(model, tile);
    assert.deepEqual([a.loads, b.loads, c.loads], [1, 1, 1]);
    await pool.run(b, tile);
    assert.equal(b.loads, 2);
  });
});

test("a request goes to the worker that holds its model", async () => {
  await withPool({ workers: 2 }, async (pool) => {
    const [a, b] = [counted(1), held(2)];
    const second = pool.run(b, tile);
    await b.started;
    await pool.run(a, tile);
    b.release();
    await second;
    for (let i = 0; i < 4; i++) await pool.run(a, tile);
    assert.equal(a.loads, 1);
  });
});

test("the input stays the caller's, and a view of a larger buffer is as good as an array", async () => {
  await withPool({}, async (pool) => {
    const model = counted(1);
    const large = new Float32Array(4096);
    large.set(tile.data, 1000);
    const view = large.subarray(1000, 1000 + tile.data.length);
    const [fromView, fromArray] = [await pool.run(model, { ...tile, data: view }), await pool.run(model, tile)];
    assert.deepEqual(fromView, fromArray);
    assert.equal(view.length, tile.data.length);
  });
});

test("a full queue refuses, an aborted request leaves it at once", async () => {
  await withPool({ workers: 1, maxQueued: 1 }, async (pool) => {
    const busy = held(1);
    const running = pool.run(busy, tile);
    await busy.started;
    const abort = new AbortController();
    const waiting = pool.run(counted(2), tile, { signal: abort.signal });
    await assert.rejects(pool.run(counted(3), tile), withReason("LIMIT_EXCEEDED"));
    abort.abort();
    await assert.rejects(waiting, withReason("CANCELLED"));
    const next = pool.run(counted(3), tile);
    busy.release();
    await Promise.all([running, next]);
  });
});

test("an abort reaches the loader and frees the worker; the signal's own typed error is kept", async () => {
  await withPool({ workers: 1 }, async (pool) => {
    const abort = new AbortController();
    const stuck: ModelSource = {
      digest: "stuck",
      load: ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    };
    const running = pool.run(stuck, tile, { signal: abort.signal });
    abort.abort(new PssrError("DEADLINE_EXCEEDED", "too late"));
    await assert.rejects(running, withReason("DEADLINE_EXCEEDED"));
    await pool.run(counted(1), tile);
    await assert.rejects(pool.run(counted(1), tile, { signal: abort.signal }), withReason("DEADLINE_EXCEEDED"));
  });
});

test("what is wrong with a model or an input is said with its reason, and the pool goes on", async () => {
  await withPool({ workers: 1 }, async (pool) => {
    const broken: ModelSource = { digest: "broken", load: async () => new Uint8Array(100) };
    await assert.rejects(pool.run(broken, tile), withReason("INVALID_MODEL"));
    const model = counted(1);
    await assert.rejects(pool.run(model, image(2, 16, 16)), withReason("SHAPE_MISMATCH"));
    await assert.rejects(pool.run(model, { shape: [1, 1, 4, 4], data: tile.data }), withReason("SHAPE_MISMATCH"));
    const gone = new PssrError("NOT_FOUND", "no such model");
    await assert.rejects(pool.run({ digest: "gone", load: async () => Promise.reject(gone) }, tile), gone);
    await pool.run(model, tile);
    assert.equal(model.loads, 1);
  });
});

/** The next worker thread that is started in this process. */
function nextWorker(): Promise<Worker> {
  return new Promise((resolve) => {
    process.once("worker", resolve);
  });
}

/**
 * A model while whose file is read its thread ends. Not while the thread computes: native code that comes back to a thread which is
 * gone takes the whole process with it.
 */
function deadly(model: ModelSource, thread: () => Promise<Worker>, times: number): ModelSource {
  let left = times;
  return {
    digest: model.digest,
    async load(options) {
      const bytes = await model.load(options);
      if (left-- > 0) await (await thread()).terminate();
      return bytes;
    },
  };
}

test("a thread that dies is replaced and its request tried again", async () => {
  await withPool({ workers: 1 }, async (pool) => {
    const [model, other] = [counted(1), counted(2)];
    const first = nextWorker();
    const expected = await pool.run(model, tile);
    await pool.run(
      deadly(other, () => first, 1),
      tile,
    );
    assert.equal(other.loads, 2);
    assert.deepEqual(await pool.run(model, tile), expected);
    assert.equal(model.loads, 2);
  });
});

test("a request that ends its thread twice fails, and the next one gets a fresh thread", async () => {
  await withPool({ workers: 1 }, async (pool) => {
    const model = counted(1);
    let started = nextWorker();
    const thread = async () => {
      const worker = await started;
      started = nextWorker();
      return worker;
    };
    await assert.rejects(pool.run(deadly(model, thread, 2), tile), withReason("WORKER_CRASHED"));
    assert.equal(model.loads, 2);
    await pool.run(counted(2), tile);
  });
});

test("closing ends what waits and what runs, and a closed pool takes nothing more", async () => {
  const pool = new InferencePool({ workers: 1 });
  const busy = held(1);
  const running = pool.run(busy, tile);
  const waiting = pool.run(counted(2), tile);
  const ended = Promise.all([
    assert.rejects(running, withReason("CANCELLED")),
    assert.rejects(waiting, withReason("CANCELLED")),
  ]);
  await busy.started;
  await Promise.all([pool.close(), pool.close()]);
  await ended;
  busy.release();
  await assert.rejects(pool.run(counted(2), tile), withReason("CANCELLED"));
});

test("the event loop goes on while a tile is computed", async () => {
  await withPool({ workers: 1 }, async (pool) => {
    const large = createNetwork({});
    const model = modelOf(large, initialWeights(large, 1));
    await pool.run(model, image(1, 16, 16));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await pool.run(model, image(1, 256, 256));
    clearInterval(timer);
    assert.ok(turns > 10, `${turns} turns`);
  });
});

test("a process that only makes a pool does not load the runtime", async () => {
  const script = `
    const { InferencePool } = await import("@pssr/inference");
    await new InferencePool().close();
    console.log(JSON.stringify(process.report.getReport().sharedObjects));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: import.meta.dirname,
  });
  const libraries = JSON.parse(stdout) as string[];
  assert.ok(libraries.length > 0);
  assert.deepEqual(
    libraries.filter((library) => library.includes("onnxruntime")),
    [],
  );
});

test("the runtime tells nobody how it is used, and writes no identifier of this machine", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "pssr-home-"));
  t.after(() => rm(home, { recursive: true }));
  // No module: the flag that would make it one is refused by its worker threads.
  const script = `(async () => {
    const { InferencePool } = await import("@pssr/inference");
    const { createNetwork, initialWeights } = await import("@pssr/networks");
    const { image, modelOf } = await import("./sample-models.js");
    const network = createNetwork({ scale: 2, options: { width: 8, depth: 1 } });
    const pool = new InferencePool({ workers: 1 });
    await pool.run(modelOf(network, initialWeights(network, 1)), image(1, 16, 16));
    await pool.close();
  })()`;
  await promisify(execFile)(process.execPath, ["--eval", script], {
    cwd: import.meta.dirname,
    // Nothing else: it is silent by itself where the environment looks like that of an automatic test.
    env: { PATH: process.env.PATH, HOME: home },
  });
  assert.deepEqual(await readdir(home), []);
});

test("a wrong setting names itself", () => {
  assert.throws(() => new InferencePool({ workers: 0 }), { reason: "INVALID_CONFIGURATION", field: "workers" });
  assert.throws(() => new InferencePool({ maxQueued: Number.NaN }), {
    reason: "INVALID_CONFIGURATION",
    field: "maxQueued",
  });
});

test("a pool for a GPU says what is missing where there is none, and blames no model", async () => {
  await withPool({ workers: 1, provider: "cuda" }, async (pool) => {
    await assert.rejects(pool.run(counted(1), tile), (error: unknown) => {
      assert.ok(isPssrError(error, "NATIVE_LIBRARY_MISSING"), String(error));
      assert.match(
        error.message,
        /^ONNX Runtime cannot use CUDA here \(\S[^\n]*\); run it in the image built for CUDA/,
      );
      return true;
    });
  });
});
