import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { isPssrError, OperationsDefinition, OperationWatchServiceDefinition } from "@pssr/api";
import { connectService, type JobContext, type JobResult } from "@pssr/platform";
import { defer, openGateway } from "./bench.js";

/** A gateway to operations of the kind "thing", whose work is `run`. */
async function openOperations(t: TestContext, run: (job: JobContext) => Promise<JobResult>) {
  const bench = await openGateway(t, {
    prepare: (operations) => operations.register({ kind: "thing", concurrency: 1, run, materialise: async () => {} }),
  });
  const connection = connectService(bench.gateway.address, { peer: "gateway" });
  t.after(async () => connection.close());
  const submit = (resource: string, project = "em") =>
    bench.operations.submit({
      kind: "thing",
      project,
      principal: "anna",
      resource,
      request: { type: "t", bytes: new Uint8Array() },
    });
  return {
    ...bench,
    submit,
    operations: connection.client(OperationsDefinition),
    watches: connection.client(OperationWatchServiceDefinition),
  };
}

const done: JobResult = {
  value: { type: "type.googleapis.com/pssr.v1.Progress", bytes: Uint8Array.of(0x0a, 1, 0x61) },
};

async function untilCancelled({ signal }: JobContext): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
}

test("an operation is read, waited for and listed, with its result", async (t) => {
  const go = defer();
  const { submit, operations } = await openOperations(t, async () => {
    await go.promise;
    return done;
  });
  const { name } = await submit("a");
  assert.equal((await operations.getOperation({ name })).done, false);
  const early = await operations.waitOperation({ name, timeout: { seconds: 0n, nanos: 1e6 } });
  assert.equal(early.done, false);
  const waiting = operations.waitOperation({ name });
  go.resolve();
  const ended = await waiting;
  assert.ok(ended.done && ended.result?.$case === "response");
  assert.deepEqual(new Uint8Array(ended.result.value.value), done.value.bytes);
  const list = async (filter: string) =>
    (await operations.listOperations({ name: "projects/em", filter })).operations.length;
  assert.deepEqual([await list(""), await list("done = true"), await list("done=false")], [1, 1, 0]);
});

test("lists go page by page, and hold one project's operations only", async (t) => {
  const { submit, operations } = await openOperations(t, untilCancelled);
  for (const id of ["a", "b", "c"]) await submit(id);
  await submit("d", "other");
  const first = await operations.listOperations({ name: "projects/em/operations", pageSize: 2 });
  const second = await operations.listOperations({
    name: "projects/em/operations",
    pageSize: 2,
    pageToken: first.nextPageToken,
  });
  assert.equal(second.nextPageToken, "");
  assert.deepEqual(
    [...first.operations, ...second.operations].map(({ name }) => name).sort(),
    ["a", "b", "c"].map((id) => `projects/em/operations/thing-${id}`),
  );
  await assert.rejects(
    operations.listOperations({ name: "em" }),
    (e) => isPssrError(e, "INVALID_FIELD") && e.field === "name",
  );
  await assert.rejects(
    operations.listOperations({ name: "projects/em", filter: "state:odd" }),
    (e) => isPssrError(e, "INVALID_FIELD") && e.field === "filter",
  );
});

test("a watch gives the present state first and the end last; a cancel ends the work", async (t) => {
  const { submit, operations, watches } = await openOperations(t, untilCancelled);
  const { name } = await submit("a");
  const seen: boolean[] = [];
  for await (const { operation, revision } of watches.watchOperation({ name })) {
    assert.equal(operation?.name, name);
    assert.ok(revision > 0n);
    if (seen.length === 0) await operations.cancelOperation({ name });
    seen.push(operation?.done === true);
  }
  assert.ok(seen.length >= 2 && seen.at(-1) && !seen[0]);
  const ended = await operations.getOperation({ name });
  assert.ok(ended.result?.$case === "error" && ended.result.value.code === 1);
});

test("an operation under way cannot be deleted, an ended one can", async (t) => {
  const { submit, operations } = await openOperations(t, untilCancelled);
  const { name } = await submit("a");
  await assert.rejects(operations.deleteOperation({ name }), (e) => isPssrError(e, "RESOURCE_IN_USE"));
  await operations.cancelOperation({ name });
  await operations.waitOperation({ name });
  await operations.deleteOperation({ name });
  await assert.rejects(operations.getOperation({ name }), (e) => isPssrError(e, "NOT_FOUND"));
});

test("a caller sees no operation of a project that is not theirs", async (t) => {
  const bench = await openGateway(t, {
    flags: ["--local-projects", "em"],
    prepare: (operations) =>
      operations.register({ kind: "thing", concurrency: 0, run: untilCancelled, materialise: async () => {} }),
  });
  const request = { type: "t", bytes: new Uint8Array() };
  const { name } = await bench.operations.submit({
    kind: "thing",
    project: "other",
    principal: "bob",
    resource: "a",
    request,
  });
  const connection = connectService(bench.gateway.address, { peer: "gateway" });
  t.after(async () => connection.close());
  const operations = connection.client(OperationsDefinition);
  await assert.rejects(operations.getOperation({ name }), (e) => isPssrError(e, "NOT_FOUND"));
  await assert.rejects(operations.listOperations({ name: "projects/other" }), (e) => isPssrError(e, "NOT_FOUND"));
  const watch = connection.client(OperationWatchServiceDefinition).watchOperation({ name });
  await assert.rejects(
    async () => {
      for await (const _ of watch) assert.fail("it was shown");
    },
    (e) => isPssrError(e, "NOT_FOUND"),
  );
});
