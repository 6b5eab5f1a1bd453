/** What an S3 server or the way to it can do to us: the same bytes in the end or a typed error, and nothing left over. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { isPssrError } from "@pssr/api";
import {
  answers,
  answersEarly,
  cutsRequest,
  FaultyProxy,
  halfAnswers,
  losesAnswer,
  neverAnswers,
  times,
  trickles,
} from "@pssr/local-servers";
import { type S3Config, S3ObjectStore } from "@pssr/platform";
import { registry } from "../../dist/telemetry/registry.js";
import { reason } from "../reason.js";
import { collect, pattern } from "./contract.js";
import { openS3Store, plainClient, s3Config, s3Server } from "./s3-bucket.js";

const partSize = 5 * 2 ** 20;
/** Three parts. */
const large = pattern(2 * partSize + 100_000);

interface Setup {
  proxy: FaultyProxy;
  /** Goes through the proxy. */
  store: S3ObjectStore;
  config: S3Config;
}

async function setUp(context: TestContext, env: Readonly<Record<string, string>> = {}): Promise<Setup> {
  const proxy = await FaultyProxy.to((await s3Server()).endpoint);
  context.after(() => proxy.refuse());
  const config = await s3Config({
    PSSR_S3_ENDPOINT: proxy.endpoint,
    PSSR_S3_PART_SIZE: `${partSize}`,
    PSSR_S3_IDLE_TIMEOUT: "1s",
    PSSR_S3_RETRIES: "4",
    ...env,
  });
  return { proxy, config, store: await openS3Store(context, config) };
}

function isGet({ method, url }: IncomingMessage): boolean {
  return method === "GET" && !url!.includes("list-type");
}

function isSinglePut({ method, url }: IncomingMessage): boolean {
  return method === "PUT" && !url!.includes("partNumber");
}

function isPart({ method, url }: IncomingMessage): boolean {
  return method === "PUT" && url!.includes("partNumber");
}

function isComplete({ method, url }: IncomingMessage): boolean {
  return method === "POST" && url!.includes("uploadId");
}

async function assertNothingLeft({ config, proxy }: Setup): Promise<void> {
  proxy.fault = () => undefined;
  const client = await plainClient();
  const listed = await client.listObjectsV2Query(config.s3Bucket, "", "", "", 1000, "");
  assert.deepEqual(listed.objects, []);
  const { uploads } = await client.listIncompleteUploadsQuery(config.s3Bucket, "", "", "", "");
  assert.deepEqual(uploads, []);
}

async function assertHolds({ config, proxy, store }: Setup, key: string, bytes: Uint8Array): Promise<void> {
  proxy.fault = () => undefined;
  assert.deepEqual(await store.getBytes(key, bytes.length), bytes);
  const { uploads } = await (await plainClient()).listIncompleteUploadsQuery(config.s3Bucket, "", "", "", "");
  assert.deepEqual(uploads, []);
}

for (const status of [503, 429]) {
  test(`${status} for a while is waited out`, async (context) => {
    const setup = await setUp(context);
    const { proxy, store } = setup;
    proxy.fault = times(2, answers(status));
    await store.put("small", pattern(1000));
    proxy.fault = times(3, answers(status), isPart);
    await store.put("large", large);
    proxy.fault = times(2, answers(status));
    assert.deepEqual(await collect(store.get("large")), large);
    proxy.fault = times(2, answers(status));
    assert.equal((await store.stat("small"))?.size, 1000);
    proxy.fault = times(2, answers(status));
    await store.deletePrefix("none/");
    await assertHolds(setup, "large", large);
  });
}

test("503 for good is UNAVAILABLE, says where and how often, and leaves nothing", async (context) => {
  const setup = await setUp(context);
  const { proxy, store } = setup;
  proxy.fault = (incoming) => (isPart(incoming) || isSinglePut(incoming) ? answers(503) : undefined);
  for (const bytes of [pattern(1000), large]) {
    await assert.rejects(store.put("k", bytes), (error) => {
      assert.ok(isPssrError(error, "UNAVAILABLE"), String(error));
      assert.match(error.message, /http:\/\/127\.0\.0\.1:\d+ could not write .*k \(tried 5 times; .*503/);
      return true;
    });
  }
  await assertNothingLeft(setup);
});

test("an answer that comes before the body has been sent, and then nothing more, is waited out", async (context) => {
  const setup = await setUp(context, { PSSR_S3_PART_SIZE: "24MiB" });
  const { proxy, store } = setup;
  const bytes = pattern(20 * 2 ** 20);
  proxy.fault = times(3, answersEarly(503), isSinglePut);
  await store.put("k", bytes);
  assert.equal(proxy.requests.filter((request) => /^PUT .*\/k(!|%21)/.test(request)).length, 4);
  await assertHolds(setup, "k", bytes);
});

test("no room on the server is STORAGE_FULL, at once", async (context) => {
  const setup = await setUp(context);
  const { proxy, store } = setup;
  proxy.fault = times(1, answers(507));
  await assert.rejects(store.put("k", pattern(1000)), reason("STORAGE_FULL"));
  proxy.fault = times(1, answers(507), isPart);
  await assert.rejects(store.put("k", large), reason("STORAGE_FULL"));
  await assertNothingLeft(setup);
});

test("what is too large for the server is told as that, not as a want of room", async (context) => {
  const { proxy, store } = await setUp(context);
  const refusal = "<Error><Code>EntityTooLarge</Code><Message>too large</Message></Error>";
  proxy.fault = times(1, answers(400, refusal), isPart);
  await assert.rejects(store.put("k", large), (error) => {
    assert.ok(isPssrError(error, "LIMIT_EXCEEDED"), String(error));
    assert.match(error.message, /larger than that server takes in one piece.*PSSR_S3_PART_SIZE/);
    return true;
  });
});

test("an answer that comes slowly, but comes, is waited for", async (context) => {
  const { proxy, store } = await setUp(context);
  const bytes = pattern(100_000);
  await store.put("k", bytes);
  const before = proxy.requests.length;
  // Far longer than the idle timeout in all, far shorter from piece to piece.
  proxy.fault = () => trickles(8, 200);
  assert.deepEqual(await store.getBytes("k", bytes.length), bytes);
  assert.equal(proxy.requests.length, before + 1);
});

test("a reader that takes its time is not taken for a silent server", async (context) => {
  const { proxy, store } = await setUp(context, { PSSR_S3_IDLE_TIMEOUT: "700ms" });
  await store.put("k", large);
  const before = proxy.requests.length;
  let received = 0;
  for await (const chunk of store.get("k")) {
    if (received === 0) await new Promise((resolve) => setTimeout(resolve, 2_000));
    received += chunk.length;
  }
  assert.equal(received, large.length);
  assert.equal(proxy.requests.length, before + 1);
});

for (const then of ["cut", "fall silent"] as const) {
  test(`an answer of which half comes (${then}) is gone on with from there`, async (context) => {
    const { proxy, store } = await setUp(context, { PSSR_S3_IDLE_TIMEOUT: "1s" });
    await store.put("k", large);
    proxy.fault = times(2, halfAnswers(then), isGet);
    assert.deepEqual(await collect(store.get("k")), large);
    proxy.fault = times(2, halfAnswers(then), isGet);
    assert.deepEqual(await store.getBytes("k", large.length), large);
    proxy.fault = times(2, halfAnswers(then), isGet);
    assert.deepEqual(await store.range("k", 5, 1_000_000), large.slice(5, 1_000_005));
    proxy.fault = times(2, halfAnswers(then), isGet);
    assert.equal((await store.stat("k"))?.size, large.length);
  });
}

test("answers that are always cut are UNAVAILABLE, never a short read", async (context) => {
  const { proxy, store } = await setUp(context, { PSSR_S3_RETRIES: "1" });
  await store.put("k", pattern(100));
  proxy.fault = () => halfAnswers("cut");
  await assert.rejects(collect(store.get("k")), reason("UNAVAILABLE"));
  await assert.rejects(store.getBytes("k", 100), reason("UNAVAILABLE"));
  await assert.rejects(store.range("k", 0, 100), reason("UNAVAILABLE"));
  await assert.rejects(store.stat("k"), reason("UNAVAILABLE"));
  await assert.rejects(keysOf(store), reason("UNAVAILABLE"));
});

test("an object that is replaced while a broken read goes on is not mixed", async (context) => {
  const { proxy, store } = await setUp(context);
  await store.put("k", large);
  const other = large.map((byte) => byte ^ 255);
  let received = 0;
  const reading = (async () => {
    for await (const chunk of store.get("k")) {
      if (received === 0) {
        proxy.fault = () => undefined;
        await store.delete("k");
        await store.put("k", other);
      }
      received += chunk.length;
    }
  })();
  proxy.fault = times(1, halfAnswers("cut"), isGet);
  await assert.rejects(reading, reason("UNAVAILABLE"));
  assert.ok(received < large.length);
});

test("a request's body that is cut is sent again", async (context) => {
  const setup = await setUp(context);
  const { proxy, store } = setup;
  proxy.fault = times(2, cutsRequest, isSinglePut);
  await store.put("small", pattern(1_000_000));
  proxy.fault = times(3, cutsRequest, isPart);
  await store.put("large", large);
  assert.deepEqual(await store.getBytes("small", 1_000_000), pattern(1_000_000));
  await assertHolds(setup, "large", large);
});

test("a request's body that is always cut leaves nothing", async (context) => {
  const setup = await setUp(context, { PSSR_S3_RETRIES: "1" });
  const { proxy, store } = setup;
  proxy.fault = (incoming) => (isPart(incoming) || isSinglePut(incoming) ? cutsRequest : undefined);
  await assert.rejects(store.put("small", pattern(1_000_000)), reason("UNAVAILABLE"));
  await assert.rejects(store.put("large", large), reason("UNAVAILABLE"));
  await assertNothingLeft(setup);
});

test("a write that was done but whose answer was lost is not taken for somebody else's", async (context) => {
  const setup = await setUp(context);
  const { proxy, store } = setup;
  proxy.fault = times(1, losesAnswer, isSinglePut);
  await store.put("small", pattern(1000));
  proxy.fault = times(1, losesAnswer, isPart);
  await store.put("large-1", large);
  proxy.fault = times(1, losesAnswer, isComplete);
  await store.put("large-2", large);
  assert.deepEqual(await store.getBytes("small", 1000), pattern(1000));
  assert.deepEqual(await store.getBytes("large-1", large.length), large);
  await assertHolds(setup, "large-2", large);
  await assert.rejects(store.put("large-2", pattern(1)), reason("ALREADY_EXISTS"));
});

test("a server that never answers is given up after its time", async (context) => {
  const setup = await setUp(context, { PSSR_S3_IDLE_TIMEOUT: "100ms", PSSR_S3_RETRIES: "1" });
  const { proxy, store } = setup;
  await store.put("k", pattern(10));
  proxy.fault = () => neverAnswers;
  const silent = (error: unknown): boolean => {
    assert.ok(isPssrError(error, "UNAVAILABLE"), String(error));
    assert.match(error.message, /tried 2 times; at last: no byte moved for 0\.1 s/);
    return true;
  };
  await assert.rejects(store.stat("k"), silent);
  await assert.rejects(store.getBytes("k", 10), silent);
  await assert.rejects(store.put("l", pattern(10)), silent);
  await assert.rejects(store.delete("k"), silent);
  proxy.fault = () => undefined;
  await store.delete("k");
  await assertNothingLeft(setup);
});

test("a signal ends a call to a server that never answers", async (context) => {
  // Nothing but the signal could end it within the test's time.
  const setup = await setUp(context, { PSSR_S3_IDLE_TIMEOUT: "10m" });
  const { proxy, store } = setup;
  await store.put("k", large);
  const whenSent: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    stat: (signal) => store.stat("k", { signal }),
    get: (signal) => collect(store.get("k", { signal })),
    range: (signal) => store.range("k", 0, 10, { signal }),
    put: (signal) => store.put("l", pattern(10), { signal }),
    list: (signal) => keysOf(store, signal),
    delete: (signal) => store.delete("k", { signal }),
  };
  for (const [name, call] of Object.entries(whenSent)) {
    const controller = new AbortController();
    proxy.fault = () => (incoming, outgoing, target) => {
      neverAnswers(incoming, outgoing, target);
      controller.abort(new Error(`given up: ${name}`));
    };
    await assert.rejects(call(controller.signal), new RegExp(`given up: ${name}`));
  }
  // In the middle of a body, and in the middle of a multipart upload.
  const reading = new AbortController();
  proxy.fault = times(1, halfAnswers("fall silent"), isGet);
  const read = (async () => {
    let received = 0;
    for await (const chunk of store.get("k", { signal: reading.signal })) {
      received += chunk.length;
      if (received > 5_000_000) reading.abort(new Error("given up: body"));
    }
  })();
  await assert.rejects(read, /given up: body/);
  const writing = new AbortController();
  proxy.fault = (incoming) => {
    if (!isPart(incoming)) return undefined;
    return (...line) => {
      neverAnswers(...line);
      writing.abort(new Error("given up: part"));
    };
  };
  await assert.rejects(store.put("l", large, { signal: writing.signal }), /given up: part/);
  proxy.fault = () => undefined;
  await store.delete("k");
  await assertNothingLeft(setup);
});

test("a server that is gone for a moment is waited for; gone for good it is UNAVAILABLE", async (context) => {
  const setup = await setUp(context);
  const { proxy, store } = setup;
  await store.put("k", pattern(1000));
  await proxy.refuse();
  for (const outcome of await Promise.allSettled([store.getBytes("k", 1000), store.put("l", large), store.stat("k")])) {
    assert.ok(outcome.status === "rejected" && isPssrError(outcome.reason, "UNAVAILABLE"));
    assert.match(outcome.reason.message, /ECONNREFUSED/);
  }
  const waiting = [store.getBytes("k", 1000), store.put("l", large), store.put("m", pattern(5))];
  await proxy.accept();
  const [bytes] = await Promise.all(waiting);
  assert.deepEqual(bytes, pattern(1000));
  await assertHolds(setup, "l", large);
});

test("opening waits for a server too, and says where there is none", async (context) => {
  const { proxy, config } = await setUp(context);
  await proxy.refuse();
  await assert.rejects(S3ObjectStore.open({ ...config, s3Wait: 0 }), reason("UNAVAILABLE"));
  const opening = S3ObjectStore.open({ ...config, s3Retries: 0 });
  const before = await retries();
  while ((await retries()) < before + 4) await new Promise(setImmediate);
  proxy.fault = times(2, answers(503));
  await proxy.accept();
  (await opening).close();
});

test("a start that is asked to stop waits for no server, and one that a server refuses does not wait", async (context) => {
  const { proxy, config } = await setUp(context);
  await assert.rejects(S3ObjectStore.open({ ...config, s3SecretKey: "wrong" }), reason("INVALID_CONFIGURATION"));
  await proxy.refuse();
  const stop = new AbortController();
  const opening = S3ObjectStore.open(config, { signal: stop.signal });
  const before = await retries();
  while ((await retries()) === before) await new Promise(setImmediate);
  stop.abort(new Error("asked to stop"));
  await assert.rejects(opening, /asked to stop/);
});

/** Requests of this process that were sent again. */
async function retries(): Promise<number> {
  const metric = await registry.getSingleMetric("pssr_object_store_retries_total")?.get();
  return metric?.values[0]?.value ?? 0;
}

test("what faults broke leaves no socket behind", async (context) => {
  const { proxy, store } = await setUp(context, { PSSR_S3_IDLE_TIMEOUT: "500ms", PSSR_S3_RETRIES: "1" });
  await store.put("k", large);
  for (const fault of [answers(503), neverAnswers, halfAnswers("cut"), halfAnswers("fall silent"), losesAnswer]) {
    proxy.fault = times(2, fault);
    await Promise.allSettled([
      store.put("l", large),
      collect(store.get("k")),
      store.stat("k"),
      store.getBytes("k", 10), // refused by its size: the body is not read
      firstChunk(store),
    ]);
  }
  proxy.fault = () => undefined;
  // Ended here or kept for the next request: never more than are used at once.
  assert.ok(sockets() < 30, `${sockets()} sockets are open`);
  store.close();
  await proxy.refuse();
  while (sockets() > 0) await new Promise((resolve) => setImmediate(resolve));
});

test("an object of 200 MB passes through a few megabytes of memory", async () => {
  const { s3Endpoint, s3AccessKey, s3SecretKey, s3Bucket } = await s3Config();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, "pass-large-object.js"), "200"],
    {
      env: {
        ...process.env,
        PSSR_S3_ENDPOINT: s3Endpoint,
        PSSR_S3_ACCESS_KEY: s3AccessKey,
        PSSR_S3_SECRET_KEY: s3SecretKey,
        PSSR_S3_BUCKET: s3Bucket,
      },
    },
  );
  const { size, grewPutMiB, grewGetMiB } = JSON.parse(stdout);
  assert.equal(size, 200 * 2 ** 20);
  // Four parts of 8 MiB; the rest is what the source leaves to the garbage collector.
  assert.ok(grewPutMiB < 130, `putting took ${grewPutMiB} MiB`);
  assert.ok(grewGetMiB < 60, `getting took ${grewGetMiB} MiB more`);
});

/** Both ends of connections within this process. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
}

async function firstChunk(store: S3ObjectStore): Promise<void> {
  for await (const _chunk of store.get("k")) return;
}

async function keysOf(store: S3ObjectStore, signal?: AbortSignal): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list("", { signal })) keys.push(key);
  return keys;
}
