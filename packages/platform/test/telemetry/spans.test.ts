/** Spans as a collector gets them, and what becomes of the work where there is none. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { PssrError } from "@pssr/api";
import { TraceCollector } from "@pssr/local-servers";
import { createLogger, currentScope, inSpan, loadConfig, newSpan, startSpan, telemetrySettings } from "@pssr/platform";
import { registry } from "../../dist/telemetry/registry.js";
import { Telemetry } from "../../dist/telemetry/telemetry.js";

async function open(context: TestContext, endpoint: string, settings: Record<string, string> = {}) {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) };
  const log = createLogger({ service: "test", level: "info", destination });
  const env = { PSSR_OTLP_ENDPOINT: endpoint, ...settings };
  const telemetry = await Telemetry.open(loadConfig(telemetrySettings, { argv: [], env }), { service: "test", log });
  context.after(() => telemetry.close());
  return { telemetry, lines };
}

async function collecting(context: TestContext): Promise<TraceCollector> {
  const collector = await TraceCollector.start();
  context.after(() => collector.stop());
  return collector;
}

test("a span is its scope's child, and says how its work ended; the last ones are sent at the end", async (context) => {
  const collector = await collecting(context);
  const { telemetry } = await open(context, collector.url);
  await assert.rejects(
    inSpan("outer", { kind: "server", attributes: { "pssr.step": 3 } }, async (span) => {
      assert.deepEqual(currentScope().trace, span.trace);
      span.event("checkpoint");
      startSpan("inner").end();
      throw new PssrError("STORAGE_FULL", "there is no room left");
    }),
  );
  await telemetry.close();
  const [inner, outer] = collector.spans;
  assert.ok(inner !== undefined && outer !== undefined && collector.spans.length === 2);
  assert.deepEqual([inner.name, inner.parentId, inner.traceId], ["inner", outer.spanId, outer.traceId]);
  assert.deepEqual([outer.name, outer.parentId, outer.service, outer.events], ["outer", "", "test", ["checkpoint"]]);
  assert.deepEqual(outer.attributes, { "pssr.step": 3, "error.type": "STORAGE_FULL" });
});

test("whose trace is recorded is decided where it begins", async (context) => {
  const collector = await collecting(context);
  const { telemetry } = await open(context, collector.url, { PSSR_TRACE_RATIO: "0" });
  const recorded = { ...newSpan(), sampled: true };
  startSpan("of a caller who records", { parent: recorded }).end();
  startSpan("of one who does not", { parent: { ...newSpan(), sampled: false } }).end();
  const own = startSpan("begun here");
  own.end();
  assert.match(own.trace.traceId, /^[0-9a-f]{32}$/, "for the log");
  assert.equal(own.trace.sampled, false);
  await telemetry.close();
  assert.deepEqual(
    collector.spans.map(({ name, parentId }) => [name, parentId]),
    [["of a caller who records", recorded.spanId]],
  );
});

test("calls out of a process that records nothing belong to the span they come from", () => {
  const trace = newSpan();
  for (const kind of ["client", "producer"] as const)
    assert.deepEqual(startSpan("x", { kind, parent: trace }).trace, trace);
  const served = startSpan("x", { kind: "server", parent: trace });
  assert.equal(served.trace.traceId, trace.traceId);
  assert.notEqual(served.trace.spanId, trace.spanId);
});

test("a collector that is away for a moment costs no span", async (context) => {
  const collector = await collecting(context);
  const { lines } = await open(context, collector.url);
  collector.refuseWith = 503;
  startSpan("kept").end();
  await collector.refused();
  collector.refuseWith = undefined;
  await collector.until((spans) => spans.length > 0);
  assert.deepEqual(
    collector.spans.map(({ name }) => name),
    ["kept"],
  );
  assert.deepEqual(lines, []);
});

test("a collector that refuses what it is sent is told of once, and once that it takes it again", async (context) => {
  const collector = await collecting(context);
  const { lines } = await open(context, collector.url);
  const before = await lost();
  collector.refuseWith = 400;
  for (let i = 0; i < 2; i++) {
    startSpan("refused").end();
    await collector.refused();
  }
  collector.refuseWith = undefined;
  startSpan("taken").end();
  await collector.until((spans) => spans.length > 0);
  while (lines.length < 2) await new Promise(setImmediate);
  assert.deepEqual(
    lines.map(({ level, problem }) => [level, problem]),
    [
      ["warn", "it answers 400"],
      ["info", undefined],
    ],
  );
  assert.equal((await lost()) - before, 2);
});

test("a collector that never answers holds up neither the work nor its end, and what is kept for it is bounded", async (context) => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  context.after(() => silent.close());
  const { telemetry, lines } = await open(context, `http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  const before = await lost();
  for (let i = 0; i < 20_000; i++) startSpan("kept or not").end();
  const dropped = (await lost()) - before;
  assert.ok(dropped > 15_000 && dropped < 20_000, `${dropped} of 20,000 found no room to wait`);
  const began = performance.now();
  await telemetry.close();
  assert.ok(performance.now() - began < 5_000, "an end long before a request's");
  assert.equal(lines.filter(({ level }) => level === "warn").length, 1);
  assert.equal((await lost()) - before, 20_000);
});

test("a collector that takes spans too slowly is told of once, and once that it keeps up again", async (context) => {
  const collector = await collecting(context);
  const { lines } = await open(context, collector.url);
  const before = await lost();
  for (let i = 0; i < 10_000; i++) startSpan("too many").end();
  const dropped = (await lost()) - before;
  await collector.until((spans) => spans.length === 10_000 - dropped);
  startSpan("one more").end();
  await collector.until((spans) => spans.some(({ name }) => name === "one more"));
  while (lines.length < 2) await new Promise(setImmediate);
  assert.deepEqual(
    lines.map(({ level, problem }) => [level, problem]),
    [
      ["warn", "more come than it takes"],
      ["info", undefined],
    ],
  );
});

test("an address of a collector with a user or password in it is refused: its log would tell them", () => {
  for (const user of ["ann", "ann:secret", ":secret"]) {
    const env = { PSSR_OTLP_ENDPOINT: `http://${user}@127.0.0.1:4318` };
    assert.throws(() => loadConfig(telemetrySettings, { argv: [], env }), {
      reason: "INVALID_CONFIGURATION",
      field: "otlpEndpoint",
      message: /"http:\/\/…@127\.0\.0\.1:4318".*without a user or password/,
    });
  }
});

test("what alerts look at is told from the start, with 0", async () => {
  const told = await registry.metrics();
  for (const series of [
    'pssr_trace_spans_total{outcome="sent"}',
    'pssr_trace_spans_total{outcome="lost"}',
    'pssr_call_errors_total{reason="STORAGE_FULL"}',
  ]) {
    assert.ok(told.includes(`\n${series} `), series);
  }
});

/** Spans that could not be sent, as the metrics tell it. */
async function lost(): Promise<number> {
  const metric = await registry.getSingleMetric("pssr_trace_spans_total")?.get();
  return metric?.values.find(({ labels }) => labels.outcome === "lost")?.value ?? 0;
}
