import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import {
  createLogger,
  formatTraceparent,
  generateInScope,
  type Logger,
  newSpan,
  parseTraceparent,
  runInScope,
} from "@pssr/platform";

function recorder(): { log: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({
    service: "test",
    level: "info",
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  });
  return { log, lines };
}

test("a line inside a scope carries its trace and operation across awaits, and no line outside does", async () => {
  const { log, lines } = recorder();
  const trace = newSpan();
  await runInScope({ trace }, async () => {
    await setImmediate();
    await runInScope({ operation: "projects/p/operations/o" }, async () => {
      await setImmediate();
      log.info("inside");
    });
  });
  log.info("outside");
  assert.equal(lines[0]?.trace_id, trace.traceId);
  assert.equal(lines[0]?.operation, "projects/p/operations/o");
  assert.equal(lines[0]?.level, "info");
  assert.equal(lines[0]?.service, "test");
  assert.equal(lines[1]?.trace_id, undefined);
});

test("a generator's steps run in its scope, whoever asks for them", async () => {
  const { log, lines } = recorder();
  const trace = newSpan();
  const steps = generateInScope({ trace }, async function* () {
    try {
      for (;;) {
        await setImmediate();
        log.info("step");
        yield 1;
      }
    } finally {
      log.info("closed");
    }
  });
  for await (const _ of steps) {
    log.info("consumer");
    if (lines.length > 2) break;
  }
  assert.deepEqual(
    lines.map(({ msg, trace_id }) => [msg, trace_id === trace.traceId]),
    [
      ["step", true],
      ["consumer", false],
      ["step", true],
      ["consumer", false],
      ["closed", true],
    ],
  );
});

test("a token never reaches the log", () => {
  const { log, lines } = recorder();
  log.info({ authorization: "Bearer abc", call: { token: "abc" } }, "called");
  assert.doesNotMatch(JSON.stringify(lines), /abc/);
});

test("a traceparent survives writing and reading; a malformed one is none", () => {
  const span = newSpan(parseTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  assert.equal(span.traceId, "0af7651916cd43dd8448eb211c80319c");
  assert.deepEqual(parseTraceparent(formatTraceparent(span)), span);
  for (const wrong of [
    undefined,
    "",
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
  ]) {
    assert.equal(parseTraceparent(wrong), undefined, String(wrong));
  }
});
