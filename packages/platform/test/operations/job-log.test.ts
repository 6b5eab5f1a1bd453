import assert from "node:assert/strict";
import { createLogger, newSpan, runInScope } from "@pssr/platform";
import { onEachGround } from "./bench.js";
import { materialiseThing, text } from "./thing-kind.js";

onEachGround(({ test, openBench }) => {
  test("each line that a job logs names its operation and the trace of the call that submitted it", async (context) => {
    const lines: Record<string, unknown>[] = [];
    const log = createLogger({
      service: "test",
      level: "info",
      destination: { write: (line) => lines.push(JSON.parse(line)) },
    });
    const bench = await openBench(context);
    const operations = await bench.start(
      async () => {
        log.info("at work");
        return { value: text("made") };
      },
      {
        kind: {
          async materialise(record) {
            await materialiseThing(bench.ports.state, record);
            log.info(`visible as ${record.state}`);
          },
        },
      },
    );
    const trace = newSpan();
    const submission = { kind: "thing", project: "p1", principal: "ann", request: text("make"), resource: "one" };
    const { name } = await runInScope({ trace }, () => operations.submit(submission));
    await operations.wait(name);
    const messages = lines.map(({ msg }) => msg);
    assert.ok(messages.includes("at work") && messages.includes("visible as SUCCEEDED"), messages.join());
    for (const { msg, operation, trace_id, span_id } of lines) {
      assert.deepEqual([msg, operation, trace_id], [msg, name, trace.traceId]);
      assert.notEqual(span_id, trace.spanId);
    }
  });
});
