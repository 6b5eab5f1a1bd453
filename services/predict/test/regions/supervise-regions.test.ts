import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { isPssrError, PssrError } from "@pssr/api";
import type { Ports } from "@pssr/platform";
import { RegionBoard } from "../../dist/regions/region-board.js";
import { regionKind } from "../../dist/regions/region-job.js";
import { RegionWorkers, type RestoreShard } from "../../dist/regions/region-workers.js";
import { superviseRegions } from "../../dist/regions/supervise-regions.js";
import { Gate } from "../fixtures/gate.js";
import { lastly } from "../fixtures/lastly.js";
import { openPorts, temporaryFolder } from "../fixtures/ports.js";
import { imagePrefix, key, shardOf, spec } from "../fixtures/six-regions.js";

function startWorkers(t: TestContext, ports: Ports, restore: RestoreShard, workers = 1): { errors: unknown[] } {
  const errors: unknown[] = [];
  const parts = { ...ports, board: new RegionBoard(ports.state) };
  const running = new RegionWorkers(parts, restore, { workers, report: (error) => errors.push(error) });
  running.start();
  lastly(t, () => running.close());
  return { errors };
}

async function supervise(ports: Ports, options: { signal?: AbortSignal; patienceMs?: number; window?: number } = {}) {
  const board = new RegionBoard(ports.state);
  const told: [number, number][] = [];
  const regions: number[] = [];
  const { signal = new AbortController().signal, patienceMs = 60_000, window = 3 } = options;
  await board.place(key, { schemaVersion: 1, spec, imagePrefix }, {});
  const result = await superviseRegions(
    key,
    spec,
    { ...ports, board },
    {
      signal,
      patienceMs,
      window,
      onTiles: (done, total) => told.push([done, total]),
      onRegion: async (done) => void regions.push(done),
    },
  );
  return { ...result, told, regions };
}

async function objectKeys(ports: Ports): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of ports.objects.list("")) keys.push(key);
  return keys;
}

test("every region is restored once, its shard written, its clipped pixels counted", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  const restored: number[] = [];
  startWorkers(
    t,
    ports,
    (order, index, options) => {
      restored.push(index);
      return shardOf(order, index, options);
    },
    2,
  );
  const { clipped, told } = await supervise(ports);
  assert.equal(clipped, 0 + 1 + 2 + 3 + 4 + 5);
  assert.deepEqual(restored.sort(), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(
    await objectKeys(ports),
    [0, 1, 2, 3, 4, 5].map((index) => `${imagePrefix}c/${index}`),
  );
  assert.deepEqual(told.at(-1), [6, 6]);
  assert.ok(
    told.every(([done], i) => i === 0 || done >= told[i - 1]![0]),
    "progress never goes back",
  );
});

test("two processes' workers share the regions of one image", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  const counts = [0, 0];
  // Neither gets on before the other has a region too.
  const both = [new Gate(), new Gate()];
  for (const who of [0, 1]) {
    startWorkers(t, ports, async (order, index, options) => {
      counts[who]!++;
      both[who]!.open();
      await both[1 - who]!.opened;
      return shardOf(order, index, options);
    });
  }
  const { clipped } = await supervise(ports);
  assert.equal(clipped, 15);
  assert.equal(counts[0]! + counts[1]!, 6);
  assert.ok(counts.every((count) => count > 0));
});

test("regions that have a verdict are not restored again", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  const board = new RegionBoard(ports.state);
  for (const index of [0, 2, 3]) {
    await board.decide(key, index, { schemaVersion: 1, object: `${imagePrefix}c/${index}`, clipped: 100 }, {});
  }
  const restored: number[] = [];
  startWorkers(t, ports, (order, index, options) => {
    restored.push(index);
    return shardOf(order, index, options);
  });
  const { clipped } = await supervise(ports);
  assert.deepEqual(restored, [1, 4, 5]);
  assert.equal(clipped, 300 + 1 + 4 + 5);
});

test("a region that cannot be restored ends the supervision with its error", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  const { errors } = startWorkers(t, ports, async (order, index, options) => {
    if (index === 1) throw new PssrError("INVALID_MODEL", "not a number", { field: "prediction.model_version" });
    return shardOf(order, index, options);
  });
  await assert.rejects(
    supervise(ports),
    (error) => isPssrError(error, "INVALID_MODEL") && error.field === "prediction.model_version",
  );
  assert.equal(errors.length, 1);
});

for (const reason of ["UNAVAILABLE", "STORAGE_FULL"] as const) {
  test(`what may pass by itself is tried again (${reason})`, async (t) => {
    const ports = await openPorts(await temporaryFolder(t));
    let tries = 0;
    startWorkers(
      t,
      ports,
      async (order, index, options) => {
        if (index === 0 && ++tries === 1) throw new PssrError(reason, "not now");
        return shardOf(order, index, options);
      },
      2,
    );
    const { clipped } = await supervise(ports);
    assert.equal(clipped, 15);
    assert.equal(tries, 2);
  });
}

test("a region whose message was lost is published again", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  const supervised = supervise(ports, { patienceMs: 200 });
  const lost = await ports.queue.claim(regionKind);
  await lost.ack();
  startWorkers(t, ports, shardOf);
  assert.equal((await supervised).clipped, 15);
});

test("a withdrawn order stops who is at a region of it, and no verdict appears", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  const board = new RegionBoard(ports.state);
  const begun = new Gate();
  const stopped = new Gate();
  startWorkers(t, ports, (_order, _index, { signal }) => {
    begun.open();
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        stopped.open();
        reject(signal.reason);
      });
    });
  });
  const abort = new AbortController();
  const supervised = supervise(ports, { signal: abort.signal });
  await begun.opened;
  abort.abort();
  await assert.rejects(supervised);
  await board.clear(key, {});
  await stopped.opened;
  assert.deepEqual(await ports.state.list("region-verdicts/", { limit: 10 }), []);
  assert.deepEqual(await ports.state.list("region-orders/", { limit: 10 }), []);
  assert.deepEqual(await objectKeys(ports), []);
});

test("a verdict of an earlier attempt, whose operation's id was used again, does not count", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  const board = new RegionBoard(ports.state);
  const late = { schemaVersion: 1, object: "operations/em/prediction-one/0/image.zarr/c/0", clipped: 100 } as const;
  await board.decide({ ...key, attempt: 0 }, 0, late, {});
  const restored: number[] = [];
  startWorkers(t, ports, (order, index, options) => {
    restored.push(index);
    return shardOf(order, index, options);
  });
  const { clipped } = await supervise(ports);
  assert.deepEqual(restored, [0, 1, 2, 3, 4, 5]);
  assert.equal(clipped, 15);

  await board.clear({ ...key, attempt: 0 }, {});
  const orders = await ports.state.list("region-orders/", { limit: 10 });
  assert.deepEqual(
    orders.map(({ key }) => key),
    ["region-orders/em/prediction-one/1"],
    "the later attempt's order stands",
  );
  await board.clear(key, {});
  assert.deepEqual(await ports.state.list("region-verdicts/", { limit: 10 }), []);
});

test("a message that is no region's is thrown away, once", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  await ports.queue.publish(regionKind, "strange", new TextEncoder().encode('{"project":"em"}'));
  await ports.queue.publish(regionKind, "stranger", Uint8Array.of(1, 2));
  const { errors } = startWorkers(t, ports, shardOf);
  assert.equal((await supervise(ports)).clipped, 15);
  assert.equal(errors.length, 2);
});

test("a shard that is made after its order was withdrawn leaves nothing", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  const board = new RegionBoard(ports.state);
  const deaf = new Gate();
  const begun = new Gate();
  // A worker that hears nothing of the withdrawal until its shard is made.
  const running = new RegionWorkers(
    { ...ports, board },
    async (order, index, options) => {
      begun.open();
      await deaf.opened;
      return shardOf(order, index, options);
    },
    { workers: 1, report: (error) => assert.fail(String(error)) },
  );
  running.start();
  const abort = new AbortController();
  const supervised = supervise(ports, { signal: abort.signal, window: 1 });
  await begun.opened;
  abort.abort();
  await assert.rejects(supervised);
  await board.clear(key, {});
  deaf.open();
  await running.close();
  assert.deepEqual(await ports.state.list("region-verdicts/", { limit: 10 }), []);
  assert.deepEqual(await objectKeys(ports), []);
});
