import assert from "node:assert/strict";
import { isPssrError, PssrError } from "@pssr/api";
import type { OperationView } from "@pssr/platform";
import { registry } from "../../dist/telemetry/registry.js";
import { reason } from "../reason.js";
import { moment, onEachGround } from "./bench.js";
import { materialiseThing, readText, readThing, text } from "./thing-kind.js";

const submission = { kind: "thing", project: "p1", principal: "ann", request: text("make") };

onEachGround(({ test, openBench }) => {
  test("an operation runs from submit to a visible result", async (context) => {
    const bench = await openBench(context);
    const operations = await bench.start(async (job) => {
      assert.equal(readText(job.record.request), "make");
      assert.equal(job.record.principal, "ann");
      await bench.ports.objects.put(`${job.objectPrefix}bytes`, Uint8Array.of(1, 2, 3));
      return { value: text(`${job.objectPrefix}bytes`) };
    });
    const submitted = await operations.submit({ ...submission, resource: "one" });
    assert.equal(submitted.name, "projects/p1/operations/thing-one");
    const ended = await operations.wait(submitted.name);
    assert.equal(ended.state, "SUCCEEDED");
    assert.equal(readText(ended.result), "operations/p1/thing-one/1/bytes");
    assert.deepEqual(await readThing(bench.ports.state, "p1", "one"), {
      state: "READY",
      value: "operations/p1/thing-one/1/bytes",
      operation: "thing-one",
    });
    assert.equal((await operations.get(submitted.name)).done, true);
    assert.deepEqual(bench.reports, []);
  });

  test("the resource is there when submit returns", async (context) => {
    const bench = await openBench(context);
    const operations = await bench.start(async () => ({ value: text("") }), { kind: { concurrency: 0 } });
    await operations.submit({ ...submission, resource: "one" });
    assert.equal((await readThing(bench.ports.state, "p1", "one"))?.state, "MAKING");
  });

  test("the same request id and request give the same operation, whoever asks first", async (context) => {
    const bench = await openBench(context);
    let runs = 0;
    const operations = await bench.start(async () => ({ value: text(`run ${++runs}`) }));
    const same = { ...submission, requestId: "once" };
    const names = (await Promise.all([operations.submit(same), operations.submit(same)])).map(({ name }) => name);
    assert.equal(names[0], names[1]);
    await operations.wait(names[0]!);
    assert.equal((await operations.submit(same)).done, true);
    assert.equal(runs, 1);
    const other = operations.submit({ ...same, request: text("something else") });
    await assert.rejects(other, reason("ALREADY_EXISTS"));
  });

  test("a request id begins one operation, whatever ids are chosen with it, and is its own kind's and project's", async (context) => {
    const bench = await openBench(context);
    const operations = await bench.start(async () => ({ value: text("") }));
    const named = (resource: string) => ({ ...submission, requestId: "once", resource });
    const atOnce = await Promise.allSettled(["a", "b", "c"].map((resource) => operations.submit(named(resource))));
    const begun = atOnce.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    assert.equal(begun.length, 1);
    const [{ name, resource }] = begun as [OperationView];
    const others = ["a", "b", "c", "d"].filter((id) => id !== resource);
    await operations.wait(name);
    for (const other of [...others.map(named), { ...submission, requestId: "once" }]) {
      await assert.rejects(operations.submit(other), (error) => {
        assert.ok(isPssrError(error, "ALREADY_EXISTS"));
        assert.deepEqual([error.field, error.metadata], ["request_id", { operation: name }]);
        return true;
      });
    }
    assert.equal((await operations.submit(named(resource))).name, name);
    assert.deepEqual(
      operations.list({}).operations.map((view) => view.name),
      [name],
    );
    // Another process knows of it, too.
    const beside = await bench.start(async () => ({ value: text("") }), { kind: { concurrency: 0 } });
    await assert.rejects(beside.submit(named("d")), reason("ALREADY_EXISTS"));
    await operations.submit({ ...named("d"), project: "p2" });
    await operations.submit({ ...named("d"), requestId: "" });
    await operations.submit({ ...named("e"), requestId: "" });
    await operations.delete(name);
    await operations.submit(named("f"));
  });

  test("the id of a request that failed and left nothing can be tried again, and the new one starts afresh", async (context) => {
    const bench = await openBench(context);
    const attempts: number[] = [];
    const made = new Set<string>();
    const operations = await bench.start(
      async (job) => {
        attempts.push(job.attempt);
        assert.equal(job.record.checkpoint, undefined);
        await job.checkpoint({ at: job.attempt });
        if (attempts.length === 1) throw new PssrError("NOT_AN_IMAGE", "no image");
        made.add(job.record.resource);
        return { value: text("made") };
      },
      { kind: { exists: async (_project, resource) => made.has(resource), materialise: async () => undefined } },
    );
    const first = { ...submission, resource: "one", requestId: "first" };
    const failed = await operations.wait((await operations.submit(first)).name);
    assert.equal(failed.error?.reason, "NOT_AN_IMAGE");
    assert.equal((await operations.submit(first)).state, "FAILED", "the same request is the same operation");
    const second = await operations.submit({ ...first, requestId: "second" });
    assert.equal(second.name, failed.name);
    const done = await operations.wait(second.name);
    assert.equal(done.state, "SUCCEEDED");
    assert.deepEqual(
      attempts,
      [1, 2],
      "attempts count on, so that objects of the first are never taken for the second's",
    );
    await assert.rejects(operations.submit({ ...first, requestId: "third" }), reason("ALREADY_EXISTS"));
  });

  test("an id is given once", async (context) => {
    const bench = await openBench(context);
    const operations = await bench.start(async () => ({ value: text("") }), {
      kind: { exists: async (_project, resource) => resource === "ancient" },
    });
    await operations.submit({ ...submission, resource: "one" });
    await assert.rejects(operations.submit({ ...submission, resource: "one" }), reason("ALREADY_EXISTS"));
    await assert.rejects(operations.submit({ ...submission, resource: "ancient" }), reason("ALREADY_EXISTS"));
    await operations.submit({ ...submission, project: "p2", resource: "one" });
    for (const resource of ["", "A", "a/b", "-a", "a".repeat(64)]) {
      await assert.rejects(operations.submit({ ...submission, resource }), reason("INVALID_FIELD"), resource);
    }
  });

  test("an end is visible only once the resource is in place, and a failed step is repeated", async (context) => {
    const bench = await openBench(context);
    const tried = moment();
    const mayGoOn = moment();
    let tries = 0;
    const operations = await bench.start(async () => ({ value: text("done") }), {
      kind: {
        async materialise(record) {
          if (record.state === "SUCCEEDED" && ++tries === 1) throw new Error("the store hiccuped");
          if (record.state === "SUCCEEDED") {
            tried.happen();
            await mayGoOn.happened;
          }
          await materialiseThing(bench.ports.state, record);
        },
      },
    });
    const { name } = await operations.submit({ ...submission, resource: "one" });
    await tried.happened;
    const before = await operations.get(name);
    assert.deepEqual([before.done, before.state, before.result], [false, "RUNNING", undefined]);
    mayGoOn.happen();
    assert.equal((await operations.wait(name)).state, "SUCCEEDED");
    assert.equal((await readThing(bench.ports.state, "p1", "one"))?.state, "READY");
  });

  test("a typed error ends the operation with its reason, any other as INTERNAL without its words", async (context) => {
    const bench = await openBench(context);
    const operations = await bench.start(async (job) => {
      if (job.record.resource === "typed") throw new PssrError("TILE_TOO_LARGE", "too large", { field: "tile_size" });
      throw new Error("secret path");
    });
    const typed = await operations.wait((await operations.submit({ ...submission, resource: "typed" })).name);
    assert.deepEqual([typed.state, typed.error?.reason, typed.error?.field], ["FAILED", "TILE_TOO_LARGE", "tile_size"]);
    const other = await operations.wait((await operations.submit({ ...submission, resource: "other" })).name);
    assert.equal(other.error?.reason, "INTERNAL");
    assert.ok(!other.error?.message.includes("secret"));
    assert.equal((await readThing(bench.ports.state, "p1", "other"))?.state, "FAILED");
    assert.ok(bench.reports.some(({ error }) => error instanceof Error && error.message === "secret path"));
  });

  test("failures that alerts look at are counted from 0 on, for each kind that is registered", async (context) => {
    const bench = await openBench(context);
    await bench.start(async () => assert.fail("not called"), { kind: { kind: "untouched" } });
    const told = await registry.metrics();
    assert.match(told, /^pssr_operation_crashes_total\{kind="untouched"\} 0$/m);
    for (const reason of ["INTERNAL", "OBJECT_CORRUPT", "WORKER_CRASHED", "STORAGE_FULL"]) {
      const series = `pssr_operation_failures_total{kind="untouched",reason="${reason}"} 0`;
      assert.ok(told.split("\n").includes(series), series);
    }
  });

  test("a process that stops claiming ends what it has begun, and leaves the rest to others", async (context) => {
    const bench = await openBench(context);
    const [begun, mayEnd] = [moment(), moment()];
    const kind = { concurrency: 2 };
    const stopping = await bench.start(
      async ({ record }) => {
        assert.equal(record.resource, "one");
        begun.happen();
        await mayEnd.happened;
        return { value: text("by the first") };
      },
      { kind },
    );
    const one = await stopping.submit({ ...submission, resource: "one" });
    await begun.happened;
    stopping.stopClaiming();
    const two = await stopping.submit({ ...submission, resource: "two" });
    const other = await bench.start(async () => ({ value: text("by the second") }), { kind });
    assert.equal(readText((await other.wait(two.name)).result), "by the second");
    mayEnd.happen();
    assert.equal(readText((await stopping.wait(one.name)).result), "by the first");
  });

  test("UNAVAILABLE is tried again, a bounded number of times", async (context) => {
    const bench = await openBench(context);
    let runs = 0;
    const operations = await bench.start(
      async (job) => {
        runs += 1;
        if (job.record.resource === "soon" && job.attempt === 3) return { value: text("at last") };
        throw new PssrError("UNAVAILABLE", "crappify cannot be reached");
      },
      { settings: { maximumRetries: 3 } },
    );
    const soon = await operations.wait((await operations.submit({ ...submission, resource: "soon" })).name);
    assert.deepEqual([soon.state, soon.attempt], ["SUCCEEDED", 3]);
    runs = 0;
    const never = await operations.wait((await operations.submit({ ...submission, resource: "never" })).name);
    assert.deepEqual([never.state, never.error?.reason, runs], ["FAILED", "UNAVAILABLE", 4]);
  });

  test("a delete hides an ended operation and leaves what it made", async (context) => {
    const bench = await openBench(context);
    const mayEnd = moment();
    const operations = await bench.start(async () => {
      await mayEnd.happened;
      return { value: text("kept") };
    });
    const { name } = await operations.submit({ ...submission, resource: "one" });
    await assert.rejects(operations.delete(name), reason("RESOURCE_IN_USE"));
    mayEnd.happen();
    await operations.wait(name);
    await operations.delete(name);
    await assert.rejects(operations.get(name), reason("NOT_FOUND"));
    await assert.rejects(operations.wait(name), reason("NOT_FOUND"));
    assert.deepEqual(operations.list({}).operations, []);
    assert.equal((await readThing(bench.ports.state, "p1", "one"))?.value, "kept");
    await assert.rejects(operations.submit({ ...submission, resource: "one" }), reason("ALREADY_EXISTS"));
  });
});
