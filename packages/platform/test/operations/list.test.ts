import assert from "node:assert/strict";
import { systemClock } from "@pssr/platform";
import { reason } from "../reason.js";
import { onEachGround } from "./bench.js";
import { text } from "./thing-kind.js";

const submission = { kind: "thing", project: "p1", principal: "ann", request: text("make") };

onEachGround(({ test, openBench }) => {
  test("a list is newest first, by project, kind and state", async (context) => {
    const bench = await openBench(context);
    let nowMs = 0;
    const operations = await bench.start(async () => ({ value: text("") }), {
      kind: { concurrency: 0 },
      settings: { clock: { ...systemClock, now: () => ++nowMs } },
    });
    for (const resource of ["a", "b", "c"]) await operations.submit({ ...submission, resource });
    await operations.submit({ ...submission, project: "p2", resource: "d" });
    await operations.cancel("projects/p1/operations/thing-b");
    await operations.wait("projects/p1/operations/thing-b");
    const ids = (request: Parameters<typeof operations.list>[0]) =>
      operations.list(request).operations.map(({ resource }) => resource);
    assert.deepEqual(ids({}), ["d", "c", "b", "a"]);
    assert.deepEqual(ids({ project: "p1" }), ["c", "b", "a"]);
    assert.deepEqual(ids({ project: "p1", states: ["CANCELLED"] }), ["b"]);
    assert.deepEqual(ids({ kind: "other" }), []);
  });

  test("page tokens hold while operations come and go", async (context) => {
    const bench = await openBench(context);
    let nowMs = 0;
    const operations = await bench.start(async () => ({ value: text("") }), {
      kind: { concurrency: 0 },
      settings: { clock: { ...systemClock, now: () => Math.floor(++nowMs / 3) } },
    });
    const resources = Array.from({ length: 10 }, (_, i) => `old${i}`);
    for (const resource of resources) await operations.submit({ ...submission, resource });
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = operations.list({ project: "p1", pageSize: 3, pageToken });
      seen.push(...page.operations.map(({ resource }) => resource));
      pageToken = page.nextPageToken;
      const { name } = await operations.submit({ ...submission, resource: `new${seen.length}` });
      // What was read last goes away: the token stands for its place all the same.
      for (const gone of [name, `projects/p1/operations/thing-${seen.at(-1)}`]) {
        await operations.cancel(gone);
        await operations.delete(gone);
      }
    } while (pageToken !== "");
    assert.deepEqual([...seen].sort(), resources);
  });

  test("tokens of another filter, or of nobody, are refused", async (context) => {
    const bench = await openBench(context);
    const operations = await bench.start(async () => ({ value: text("") }), { kind: { concurrency: 0 } });
    for (const resource of ["a", "b"]) await operations.submit({ ...submission, resource });
    const { nextPageToken } = operations.list({ project: "p1", pageSize: 1 });
    assert.throws(() => operations.list({ pageSize: 1, pageToken: nextPageToken }), reason("INVALID_FIELD"));
    assert.throws(() => operations.list({ pageToken: "nonsense" }), reason("INVALID_FIELD"));
    assert.throws(() => operations.list({ pageSize: -1 }), reason("INVALID_FIELD"));
  });

  test("a page of operations with large results ends early, and the next one goes on there", async (context) => {
    const bench = await openBench(context);
    const operations = await bench.start(async () => ({ value: text("x".repeat(8_000)) }), {
      kind: { concurrency: 4 },
    });
    const resources = Array.from({ length: 140 }, (_, i) => `r${i}`);
    for (const resource of resources) {
      const { name } = await operations.submit({ ...submission, resource });
      await operations.wait(name);
    }
    const first = operations.list({ pageSize: 1000 });
    const bytes = first.operations.reduce((sum, { result }) => sum + (result?.bytes.length ?? 0), 0);
    assert.ok(bytes > 900_000 && bytes < 1 << 20, `${bytes}`);
    const second = operations.list({ pageSize: 1000, pageToken: first.nextPageToken });
    const seen = [...first.operations, ...second.operations].map(({ resource }) => resource);
    assert.deepEqual(seen.sort(), resources.sort());
  });
});
