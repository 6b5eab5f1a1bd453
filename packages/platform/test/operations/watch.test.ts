import assert from "node:assert/strict";
import { reason } from "../reason.js";
import { moment, onEachGround } from "./bench.js";
import { readText, text } from "./thing-kind.js";

const submission = { kind: "thing", project: "p1", principal: "ann", request: text("make") };

onEachGround(({ test, openBench }) => {
  test("a watch tells the present state, progress at once, and the end", async (context) => {
    const bench = await openBench(context);
    const mayEnd = moment();
    const operations = await bench.start(
      async (job) => {
        job.progress(text("half"));
        await mayEnd.happened;
        return { value: text("whole") };
      },
      { kind: { heartbeatMs: 60_000, leaseMs: 300_000 } },
    );
    const { name } = await operations.submit({ ...submission, resource: "one" });
    const states: string[] = [];
    for await (const view of operations.watch(name)) {
      states.push(view.state);
      if (readText(view.progress) === "half") mayEnd.happen();
      if (view.done) assert.equal(readText(view.result), "whole");
    }
    assert.equal(states.at(-1), "SUCCEEDED");
  });

  test("a slow watcher gets the last state, not all of them", async (context) => {
    const bench = await openBench(context);
    const told = moment();
    const mayEnd = moment();
    const operations = await bench.start(async (job) => {
      for (let i = 0; i < 1000; i++) job.progress(text(`${i}`));
      told.happen();
      await mayEnd.happened;
      return { value: text("whole") };
    });
    const { name } = await operations.submit({ ...submission, resource: "one" });
    const watch = operations.watch(name)[Symbol.asyncIterator]();
    await watch.next();
    await told.happened;
    mayEnd.happen();
    await operations.wait(name);
    const last = await watch.next();
    assert.equal(last.done, false);
    assert.deepEqual([last.value.state, readText(last.value.progress)], ["SUCCEEDED", "999"]);
    assert.equal((await watch.next()).done, true);
  });

  test("heartbeats keep the progress of a job and are no news to watchers", async (context) => {
    const bench = await openBench(context);
    const beats = moment();
    let seen = 0;
    const operations = await bench.start(
      async (job) => {
        job.progress(text("kept"));
        await beats.happened;
        return { value: text("") };
      },
      { kind: { heartbeatMs: 5, leaseMs: 60_000 } },
    );
    const { name } = await operations.submit({ ...submission, resource: "one" });
    const watching = (async () => {
      for await (const _view of operations.watch(name)) seen += 1;
    })();
    let count = 0;
    for await (const change of bench.ports.state.watch("operations/")) {
      if (change.type === "put" && JSON.parse(new TextDecoder().decode(change.value)).progress !== undefined)
        count += 1;
      if (count === 10) break;
    }
    beats.happen();
    await watching;
    assert.ok(seen <= 5, `${seen} states told`);
  });

  test("a watch goes on behind a revision and still tells the end", async (context) => {
    const bench = await openBench(context);
    const running = moment();
    const mayEnd = moment();
    const operations = await bench.start(
      async () => {
        running.happen();
        await mayEnd.happened;
        return { value: text("") };
      },
      { kind: { heartbeatMs: 60_000, leaseMs: 300_000 } },
    );
    const { name } = await operations.submit({ ...submission, resource: "one" });
    await running.happened;
    let revision = 0n;
    for await (const view of operations.watch(name)) {
      revision = view.revision;
      if (view.state === "RUNNING") break;
    }
    const resumed = operations.watch(name, { afterRevision: revision })[Symbol.asyncIterator]();
    const next = resumed.next();
    mayEnd.happen();
    const { value } = await next;
    assert.ok(value.revision > revision);
    const end = await operations.wait(name);
    const late = operations.watch(name, { afterRevision: end.revision })[Symbol.asyncIterator]();
    assert.equal((await late.next()).value.done, true);
    assert.equal((await late.next()).done, true);
  });

  test("watches end with their signal, with the process, and for what is not there", async (context) => {
    const bench = await openBench(context);
    const operations = await bench.start(async () => ({ value: text("") }), { kind: { concurrency: 0 } });
    await assert.rejects(operations.wait("projects/p1/operations/thing-none"), reason("NOT_FOUND"));
    const { name } = await operations.submit({ ...submission, resource: "one" });
    const controller = new AbortController();
    const given = operations.wait(name, { signal: controller.signal });
    const closing = operations.wait(name);
    controller.abort(new Error("given up"));
    await assert.rejects(given, /given up/);
    await Promise.all([operations.close(), assert.rejects(closing, reason("UNAVAILABLE"))]);
  });
});
