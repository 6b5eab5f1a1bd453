import assert from "node:assert/strict";
import { isPssrError, PssrError } from "@pssr/api";
import { reason } from "../reason.js";
import { moment, onEachGround, untilAborted } from "./bench.js";
import { readText, text } from "./thing-kind.js";

const submission = { kind: "thing", project: "p1", principal: "ann", request: text("make") };
const large = (bytes: number) => text("x".repeat(bytes));

onEachGround(({ test, openBench }) => {
  test("parts that would not fit into a record are refused where they are given", async (context) => {
    const bench = await openBench(context);
    const refused: string[] = [];
    const operations = await bench.start(async (job) => {
      try {
        job.progress(large(4097));
      } catch (error) {
        if (isPssrError(error, "LIMIT_EXCEEDED")) refused.push("progress");
      }
      await job.checkpoint("x".repeat(4097)).catch((error: unknown) => {
        if (isPssrError(error, "LIMIT_EXCEEDED")) refused.push("checkpoint");
      });
      return { value: large(8193) };
    });
    await assert.rejects(operations.submit({ ...submission, request: large(24 * 1024 + 1) }), reason("LIMIT_EXCEEDED"));
    const ended = await operations.wait((await operations.submit({ ...submission, resource: "one" })).name);
    assert.deepEqual([ended.state, ended.error?.reason], ["FAILED", "LIMIT_EXCEEDED"]);
    assert.deepEqual(refused, ["progress", "checkpoint"]);
  });

  test("the largest parts fit together, with an error of any length", async (context) => {
    const bench = await openBench(context);
    const operations = await bench.start(
      async (job) => {
        job.progress(large(4096));
        await job.checkpoint("x".repeat(4094));
        if (job.record.resource === "good") return { value: large(8000), keepAttempts: [1] };
        throw new PssrError("INVALID_MODEL", "€".repeat(100_000), { metadata: { all: "x".repeat(100_000) } });
      },
      { kind: { heartbeatMs: 60_000, leaseMs: 300_000 } },
    );
    const request = large(24 * 1024);
    const good = await operations.wait((await operations.submit({ ...submission, request, resource: "good" })).name);
    assert.equal(readText(good.result)?.length, 8000);
    const bad = await operations.wait((await operations.submit({ ...submission, request, resource: "bad" })).name);
    assert.deepEqual([bad.state, bad.error?.reason], ["FAILED", "INVALID_MODEL"]);
  });

  test("an installation keeps a bounded number of operations", async (context) => {
    const bench = await openBench(context);
    const operations = await bench.start(async () => ({ value: text("") }), {
      kind: { concurrency: 0 },
      settings: { maximumOperations: 3 },
    });
    for (const resource of ["a", "b"]) await operations.submit({ ...submission, resource });
    const last = await operations.submit({ ...submission, requestId: "c" });
    await assert.rejects(operations.submit({ ...submission, resource: "d" }), reason("LIMIT_EXCEEDED"));
    assert.equal((await operations.submit({ ...submission, requestId: "c" })).resource, last.resource);
  });

  test("a job may still set a checkpoint when told to shut down, and goes on from it", async (context) => {
    const bench = await openBench(context);
    const running = moment();
    const first = await bench.start(async (job) => {
      running.happen();
      await untilAborted(job.signal).catch(async (why: unknown) => {
        await job.checkpoint({ step: 7 });
        throw why;
      });
      return { value: text("never") };
    });
    const { name } = await first.submit({ ...submission, resource: "one" });
    await running.happened;
    await first.close();
    const second = await bench.start(async (job) => ({ value: text(JSON.stringify(job.record.checkpoint)) }));
    assert.equal(readText((await second.wait(name)).result), '{"step":7}');
  });
});
