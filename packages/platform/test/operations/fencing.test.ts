import assert from "node:assert/strict";
import { JobAborted, type JobContext } from "@pssr/platform";
import { moment, onEachGround, untilAborted } from "./bench.js";
import { Line, overLine } from "./severed-ports.js";
import { readText, readThing, text } from "./thing-kind.js";

const submission = { kind: "thing", project: "p1", principal: "ann", request: text("make") };
const shortLease = { leaseMs: 300, heartbeatMs: 30 };

onEachGround(({ test, openBench }) => {
  test("a worker that lost its claim cannot write its result", async (context) => {
    const bench = await openBench(context);
    const line = new Line();
    const firstRuns = moment<JobContext>();
    const firstMayEnd = moment();
    const firstEnded = moment<unknown>();
    const first = await bench.start(
      async (job) => {
        firstRuns.happen(job);
        await firstMayEnd.happened;
        await job.checkpoint("late").catch(firstEnded.happen);
        return { value: text("the late one") };
      },
      { ports: overLine(bench.ports, line), kind: shortLease, settings: { stopGraceMs: 60_000 } },
    );
    const { name } = await first.submit({ ...submission, resource: "one" });
    const job = await firstRuns.happened;
    line.cut();
    const second = await bench.start(
      async (other) => {
        assert.equal(other.record.crashes, 1);
        return { value: text(`attempt ${other.attempt}`) };
      },
      { kind: shortLease },
    );
    const ended = await second.wait(name);
    assert.equal(readText(ended.result), "attempt 2");
    line.mend();
    firstMayEnd.happen();
    assert.ok((await firstEnded.happened) instanceof JobAborted);
    assert.ok(job.signal.aborted && job.signal.reason.because === "LEASE_LOST");
    await first.close();
    const after = await second.get(name);
    assert.equal(readText(after.result), "attempt 2");
    assert.equal(after.revision, ended.revision);
    assert.equal((await readThing(bench.ports.state, "p1", "one"))?.value, "attempt 2");
  });

  test("an operation is led while its worker lives, and again when another has taken it over", async (context) => {
    const bench = await openBench(context);
    const line = new Line();
    const run = async (job: JobContext) => untilAborted(job.signal);
    const first = await bench.start(run, { ports: overLine(bench.ports, line), kind: shortLease });
    const { name } = await first.submit({ ...submission, resource: "one" });
    const key = { project: "p1", id: name.split("/").at(-1)! };
    const second = await bench.start(run, { kind: { ...shortLease, concurrency: 1 } });
    await second.led(key);
    assert.equal((await second.get(name)).attempt, 1);
    line.cut();
    const third = await bench.start(run, { kind: shortLease });
    await third.led(key);
    assert.ok((await third.get(name)).attempt >= 2);
    await third.led({ project: "p1", id: "none" });
    line.mend();
  });

  test("of two processes on one store each job is run and committed by one", async (context) => {
    const bench = await openBench(context);
    const runs = new Map<string, number>();
    const run = async (job: JobContext) => {
      runs.set(job.record.resource, (runs.get(job.record.resource) ?? 0) + 1);
      return { value: text(`${job.record.resource} by attempt ${job.attempt}`) };
    };
    const kind = { concurrency: 3, leaseMs: 5_000, heartbeatMs: 20 };
    const both = [await bench.start(run, { kind }), await bench.start(run, { kind })];
    const names = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const views = await Promise.all(both.map((one) => one.submit({ ...submission, requestId: `request ${i}` })));
        assert.equal(views[0]?.name, views[1]?.name);
        return views[0]!.name;
      }),
    );
    for (const name of names) {
      const ends = await Promise.all(both.map((one) => one.wait(name)));
      assert.equal(ends[0]?.revision, ends[1]?.revision);
      assert.equal(ends[0]?.attempt, 1);
    }
    assert.equal(runs.size, 20);
    assert.ok([...runs.values()].every((count) => count === 1));
  });

  test("giving a job back at shutdown is no crash, however often", async (context) => {
    const bench = await openBench(context);
    let running = moment<JobContext>();
    const aborts: unknown[] = [];
    const start = () =>
      bench.start(async (job) => {
        running.happen(job);
        if (job.attempt === 21) return { value: text(`crashes ${job.record.crashes}`) };
        return await untilAborted(job.signal).catch((why: unknown) => {
          aborts.push(why);
          throw why;
        });
      });
    let operations = await start();
    const { name } = await operations.submit({ ...submission, resource: "one" });
    for (let i = 1; i <= 20; i++) {
      assert.equal((await running.happened).attempt, i);
      running = moment();
      await operations.close();
      operations = await start();
    }
    assert.equal(readText((await operations.wait(name)).result), "crashes 0");
    assert.equal(aborts.length, 20);
    assert.ok(aborts.every((why) => why instanceof JobAborted && why.because === "SHUTTING_DOWN"));
  });
});
