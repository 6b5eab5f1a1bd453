import assert from "node:assert/strict";
import { JobAborted, Operations } from "@pssr/platform";
import { reason } from "../reason.js";
import { moment, onEachGround, untilAborted } from "./bench.js";
import { readThing, text } from "./thing-kind.js";

const submission = { kind: "thing", project: "p1", principal: "ann", request: text("make") };

/** Less than a second is promised, of a machine that does nothing else; without the news it would take the 60 s of the heartbeat. */
const cancelMs = 5_000;

onEachGround(({ test, openBench }) => {
  test("queued work is cancelled at once and never runs", async (context) => {
    const bench = await openBench(context);
    const running = moment();
    const ran: string[] = [];
    const operations = await bench.start(async (job) => {
      ran.push(job.record.resource);
      running.happen();
      if (job.record.resource === "third") return { value: text("") };
      return await untilAborted(job.signal);
    });
    await operations.submit({ ...submission, resource: "first" });
    await running.happened;
    const { name } = await operations.submit({ ...submission, resource: "second" });
    await operations.cancel(name);
    const view = await operations.get(name);
    assert.deepEqual([view.done, view.state, view.error?.reason], [true, "CANCELLED", "CANCELLED"]);
    assert.equal((await readThing(bench.ports.state, "p1", "second"))?.state, "FAILED");
    await operations.cancel("projects/p1/operations/thing-first");
    await operations.wait("projects/p1/operations/thing-first");
    await operations.wait((await operations.submit({ ...submission, resource: "third" })).name);
    assert.deepEqual(ran, ["first", "third"]);
  });

  test("running work hears of a cancel at once, also from a process that does not own it", async (context) => {
    const bench = await openBench(context);
    const running = moment();
    const aborted = moment<unknown>();
    const operations = await bench.start(
      async (job) => {
        running.happen();
        job.signal.addEventListener("abort", () => aborted.happen(job.signal.reason));
        return await untilAborted(job.signal);
      },
      { kind: { heartbeatMs: 60_000, leaseMs: 300_000 }, settings: { sweepMs: 60_000 } },
    );
    const gateway = new Operations(bench.ports, { exclusive: false, report: (error) => assert.fail(String(error)) });
    await gateway.start();
    const { name } = await operations.submit({ ...submission, resource: "one" });
    await running.happened;
    const began = performance.now();
    await gateway.cancel(name);
    const why = await aborted.happened;
    const heardMs = performance.now() - began;
    assert.ok(heardMs < cancelMs, `heard after ${heardMs} ms`);
    assert.ok(why instanceof JobAborted && why.because === "CANCELLED");
    const ended = await gateway.wait(name);
    assert.equal(ended.state, "CANCELLED");
    const endedMs = performance.now() - began;
    assert.ok(endedMs < cancelMs, `ended after ${endedMs} ms`);
    context.diagnostic(`heard after ${heardMs.toFixed(0)} ms, ended after ${endedMs.toFixed(0)} ms`);
    await gateway.cancel(name);
    await gateway.close();
  });

  test("work that does not stop is left behind after the grace time, and can write nothing any more", async (context) => {
    const bench = await openBench(context);
    const running = moment();
    const late = moment<unknown>();
    const operations = await bench.start(
      async (job) => {
        running.happen();
        await untilAborted(job.signal).catch(() => undefined);
        await operations.wait("projects/p1/operations/thing-one");
        await job.checkpoint("too late").then(() => late.happen("written"), late.happen);
        return { value: text("too late") };
      },
      { settings: { stopGraceMs: 30 } },
    );
    const { name } = await operations.submit({ ...submission, resource: "one" });
    await running.happened;
    await operations.cancel(name);
    assert.ok((await late.happened) instanceof JobAborted);
    assert.equal((await operations.get(name)).state, "CANCELLED");
  });

  test("cancelling what is not there is NOT_FOUND", async (context) => {
    const bench = await openBench(context);
    const operations = await bench.start(async () => ({ value: text("") }));
    await assert.rejects(operations.cancel("projects/p1/operations/thing-none"), reason("NOT_FOUND"));
    await assert.rejects(operations.cancel("thing-none"), reason("INVALID_FIELD"));
  });
});
