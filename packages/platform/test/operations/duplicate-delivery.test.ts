import assert from "node:assert/strict";
import { PssrError } from "@pssr/api";
import type { JobContext } from "@pssr/platform";
import { onEachGround } from "./bench.js";
import { DuplicatingQueue } from "./duplicating-queue.js";
import { readText, readThing, text } from "./thing-kind.js";

const submission = { kind: "thing", project: "p1", principal: "ann", request: text("make") };

onEachGround(({ test, openBench }) => {
  test("jobs that are delivered many times, at once and after their end, are done once each", async (context) => {
    const bench = await openBench(context);
    const { objects, state } = bench.ports;
    const queue = new DuplicatingQueue(bench.ports.queue, 3);
    const runs = new Map<string, number>();
    const run = async (job: JobContext) => {
      const { resource } = job.record;
      runs.set(resource, (runs.get(resource) ?? 0) + 1);
      await objects.put(`${job.objectPrefix}part`, Uint8Array.of(job.attempt));
      await job.checkpoint(job.attempt);
      if (resource.startsWith("retried") && job.attempt === 1) throw new PssrError("UNAVAILABLE", "again");
      if (resource.startsWith("failing")) throw new PssrError("INVALID_MODEL", "no");
      return { value: text(`${resource} by attempt ${job.attempt}`) };
    };
    const options = { kind: { concurrency: 3, leaseMs: 200, heartbeatMs: 20 }, ports: { queue } };
    const both = [await bench.start(run, options), await bench.start(run, options)] as const;
    const expected: Record<string, string> = {};
    for (let i = 0; i < 8; i++) {
      expected[`plain${i}`] = `SUCCEEDED 1: plain${i} by attempt 1`;
      expected[`retried${i}`] = `SUCCEEDED 2: retried${i} by attempt 2`;
      expected[`failing${i}`] = "FAILED 1: undefined";
    }
    const views = await Promise.all(
      Object.keys(expected).map(async (resource, i) => {
        const { name } = await both[i % 2]!.submit({ ...submission, resource });
        return both[(i + 1) % 2]!.wait(name);
      }),
    );
    const ended = () => Promise.all(views.map(({ name }) => both[0].get(name)));
    const told = views.map(({ resource, state, attempt, result }) => [
      resource,
      `${state} ${attempt}: ${readText(result)}`,
    ]);
    assert.deepEqual(Object.fromEntries(told), expected);
    const before = await ended();

    await queue.idle();
    assert.ok(queue.deliveries >= 4 * views.length, `${queue.deliveries} deliveries`);
    assert.deepEqual(await ended(), before, "nothing is written after the end");
    for (const { resource, attempt } of views) {
      assert.equal(runs.get(resource), attempt, resource);
      const record = await state.get(`operations/p1/thing-${resource}`);
      assert.equal(JSON.parse(new TextDecoder().decode(record?.value)).crashes, 0, resource);
      const thing = await readThing(state, "p1", resource);
      assert.equal(thing?.state, resource.startsWith("failing") ? "FAILED" : "READY");
    }
  });

  test("a second delivery does not come before the wait of a job that is tried again", async (context) => {
    const bench = await openBench(context);
    const queue = new DuplicatingQueue(bench.ports.queue, 2);
    const beganMs: number[] = [];
    const endedMs: number[] = [];
    const operations = await bench.start(
      async () => {
        beganMs.push(performance.now());
        if (beganMs.length === 4) return { value: text("") };
        endedMs.push(performance.now());
        throw new PssrError("UNAVAILABLE", "again");
      },
      { kind: { concurrency: 2 }, ports: { queue }, settings: { retryMs: 60 } },
    );
    await operations.wait((await operations.submit({ ...submission, resource: "one" })).name);
    const waits = endedMs.map((ms, i) => beganMs[i + 1]! - ms);
    for (const [i, leastMs] of [60, 120, 240].entries()) assert.ok(waits[i]! >= leastMs - 1, `${waits}`);
  });
});
