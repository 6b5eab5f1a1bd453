import assert from "node:assert/strict";
import { reason } from "../reason.js";
import { onEachGround } from "./bench.js";
import { readText, text } from "./thing-kind.js";

const submission = { kind: "thing", project: "p1", principal: "ann", request: text("make") };
const key = "operations/p1/thing-one";
const name = "projects/p1/operations/thing-one";

onEachGround(({ test, openBench }) => {
  test("a record of a newer schema is refused by name, and does not stop the others", async (context) => {
    const bench = await openBench(context);
    const { state } = bench.ports;
    const first = await bench.start(async () => ({ value: text("") }), { kind: { concurrency: 0 } });
    await first.submit({ ...submission, resource: "one" });
    await first.close();
    const entry = await state.get(key);
    assert.ok(entry !== undefined);
    const record = JSON.parse(new TextDecoder().decode(entry.value));
    await state.put(key, new TextEncoder().encode(JSON.stringify({ ...record, schema: 2 })), entry.revision);
    const operations = await bench.start(async () => ({ value: text("fine") }));
    await assert.rejects(operations.get(name), (error: Error) => {
      assert.match(error.message, /schema 2.*up to 1.*newer release/);
      return reason("RECORD_TOO_NEW")(error);
    });
    await assert.rejects(operations.cancel(name), reason("RECORD_TOO_NEW"));
    await assert.rejects(operations.wait(name), reason("RECORD_TOO_NEW"));
    const other = await operations.wait((await operations.submit({ ...submission, resource: "two" })).name);
    assert.equal(readText(other.result), "fine");
    assert.ok(bench.reports.some(({ doing }) => doing === `reading ${key}`));
    const untouched = await state.get(key);
    assert.equal(JSON.parse(new TextDecoder().decode(untouched?.value)).schema, 2);
  });

  test("fields that this release does not know survive its writes", async (context) => {
    const bench = await openBench(context);
    const { state } = bench.ports;
    const operations = await bench.start(async () => ({ value: text("") }), { kind: { concurrency: 0 } });
    await operations.submit({ ...submission, resource: "one" });
    const entry = await state.get(key);
    assert.ok(entry !== undefined);
    const record = JSON.parse(new TextDecoder().decode(entry.value));
    await state.put(key, new TextEncoder().encode(JSON.stringify({ ...record, later: { a: 1 } })), entry.revision);
    await operations.cancel(name);
    const after = await state.get(key);
    assert.deepEqual(JSON.parse(new TextDecoder().decode(after?.value)).later, { a: 1 });
  });

  test("a damaged record is told as such", async (context) => {
    const bench = await openBench(context);
    await bench.ports.state.put(key, new TextEncoder().encode("{"), 0n);
    await bench.ports.state.put("operations/p1/thing-two", new TextEncoder().encode('{"schema":1}'), 0n);
    const operations = await bench.start(async () => ({ value: text("") }));
    await assert.rejects(operations.get(name), reason("OBJECT_CORRUPT"));
    await assert.rejects(operations.get("projects/p1/operations/thing-two"), reason("OBJECT_CORRUPT"));
  });
});
