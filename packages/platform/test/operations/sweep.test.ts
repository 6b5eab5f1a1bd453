import assert from "node:assert/strict";
import { PssrError } from "@pssr/api";
import type { ObjectStore } from "@pssr/platform";
import { reason } from "../reason.js";
import { onEachGround } from "./bench.js";
import { readThing, text } from "./thing-kind.js";

const submission = { kind: "thing", project: "p1", principal: "ann", request: text("make") };
const hourMs = 3_600_000;

onEachGround(({ test, openBench }) => {
  test("objects of attempts that lost go after a day, those of the one that counts stay", async (context) => {
    const bench = await openBench(context);
    const { objects } = bench.ports;
    let aheadMs = 0;
    const operations = await bench.start(
      async (job) => {
        await objects.put(`${job.objectPrefix}part`, Uint8Array.of(job.attempt));
        await objects.put(`${job.objectPrefix}series/0`, Uint8Array.of(job.attempt));
        if (job.record.resource === "failing") throw new PssrError("INVALID_MODEL", "no");
        if (job.attempt < 4) throw new PssrError("UNAVAILABLE", "again");
        return { value: text(""), keepAttempts: [1], keepObjects: [`operations/p1/thing-good/2/series/0`] };
      },
      {
        settings: {
          sweepMs: 60_000,
          clock: { now: () => Date.now() + aheadMs, monotonic: () => performance.now() + aheadMs },
        },
      },
    );
    await operations.wait((await operations.submit({ ...submission, resource: "good" })).name);
    await operations.wait((await operations.submit({ ...submission, resource: "failing" })).name);
    assert.equal((await keys(objects)).length, 10);
    aheadMs = 23 * hourMs;
    await operations.sweep();
    assert.equal((await keys(objects)).length, 10);
    aheadMs = 25 * hourMs;
    await operations.sweep();
    assert.deepEqual(
      await keys(objects),
      ["1/part", "1/series/0", "2/series/0", "4/part", "4/series/0"].map((end) => `operations/p1/thing-good/${end}`),
    );
  });

  test("ended operations are forgotten after thirty days, what they made is not, nor work that goes on", async (context) => {
    const bench = await openBench(context);
    const { objects, state } = bench.ports;
    let aheadMs = 0;
    const settings = {
      sweepMs: 60_000,
      clock: { now: () => Date.now() + aheadMs, monotonic: () => performance.now() + aheadMs },
    };
    const operations = await bench.start(
      async (job) => {
        await objects.put(`${job.objectPrefix}part`, Uint8Array.of(1));
        return { value: text("made") };
      },
      { settings },
    );
    const { name } = await operations.submit({ ...submission, resource: "one" });
    await operations.wait(name);
    aheadMs = 29 * 24 * hourMs;
    await operations.sweep();
    await operations.sweep();
    assert.equal((await operations.get(name)).done, true);
    aheadMs = 31 * 24 * hourMs;
    await operations.sweep();
    await assert.rejects(operations.get(name), reason("NOT_FOUND"));
    assert.equal((await readThing(state, "p1", "one"))?.value, "made");
    assert.deepEqual(await keys(objects), ["operations/p1/thing-one/1/part"]);
  });

  test("what was recorded but never queued is found and run", async (context) => {
    const bench = await openBench(context);
    const submitter = await bench.start(async () => ({ value: text("") }), {
      kind: { concurrency: 0 },
      settings: { sweepMs: 60_000 },
      ports: {
        queue: {
          publish: () => Promise.reject(new PssrError("UNAVAILABLE", "the queue cannot be reached")),
          claim: (...call) => bench.ports.queue.claim(...call),
        },
      },
    });
    const { name } = await submitter.submit({ ...submission, resource: "one" });
    const worker = await bench.start(async () => ({ value: text("found") }));
    assert.equal((await worker.wait(name)).state, "SUCCEEDED");
  });

  test("work that waits is queued again ever more seldom, and at once after a change", async (context) => {
    const bench = await openBench(context);
    let aheadMs = 0;
    let published = 0;
    const operations = await bench.start(async () => ({ value: text("") }), {
      kind: { concurrency: 0 },
      settings: {
        sweepMs: 60_000,
        clock: { now: () => Date.now(), monotonic: () => performance.now() + aheadMs },
      },
      ports: {
        queue: {
          publish: async (...call) => {
            published += 1;
            await bench.ports.queue.publish(...call);
          },
          claim: (...call) => bench.ports.queue.claim(...call),
        },
      },
    });
    await operations.submit({ ...submission, resource: "one" });
    published = 0;
    const sweepAfter = async (ms: number): Promise<number> => {
      aheadMs += ms;
      const before = published;
      await operations.sweep();
      return published - before;
    };
    assert.deepEqual([await sweepAfter(0), await sweepAfter(1_000)], [1, 0], "once, and not again soon");
    assert.deepEqual([await sweepAfter(60_000), await sweepAfter(60_000), await sweepAfter(61_000)], [1, 0, 1]);
    // Another process writes the record: nobody knows what became of its message.
    const key = "operations/p1/thing-one";
    const entry = await bench.ports.state.get(key);
    assert.ok(entry !== undefined);
    const other = await bench.start(async () => ({ value: text("") }), { kind: { concurrency: 0 } });
    const changed = operations.watch("projects/p1/operations/thing-one")[Symbol.asyncIterator]();
    await changed.next();
    const record = { ...JSON.parse(new TextDecoder().decode(entry.value)), retries: 1, attempt: 1 };
    await bench.ports.state.put(key, new TextEncoder().encode(JSON.stringify(record)), entry.revision);
    await changed.next();
    await other.close();
    assert.equal(await sweepAfter(0), 1);
  });

  async function keys(objects: ObjectStore): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of objects.list("")) found.push(key);
    return found;
  }
});
