import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { PssrError } from "@pssr/api";
import {
  createLogger,
  type JobContext,
  type JobResult,
  newSpan,
  newsInLog,
  runInScope,
  type TellNews,
} from "@pssr/platform";
import { moment, onEachGround, untilAborted } from "./bench.js";
import { materialiseThing, text } from "./thing-kind.js";

const submission = { kind: "thing", project: "p1", principal: "ann", request: text("make"), resource: "one" };

interface Line {
  level: string;
  msg: string;
  operation: string;
  trace_id: string;
  attempt: number;
  seconds?: number;
  [field: string]: unknown;
}

/** What is logged of operations, in order, and who is to tell it there. */
function newsLog() {
  const lines: Line[] = [];
  const log = createLogger({
    service: "test",
    level: "info",
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  });
  const inLog = newsInLog(log);
  const told = new EventEmitter();
  const tell: TellNews = (news) => {
    inLog(news);
    told.emit("news");
  };
  return {
    lines,
    settings: { tell, retryMs: 10 },
    /** Returns once it has the end of an operation, which may be visible a little earlier. */
    async ended(name: string): Promise<void> {
      while (!lines.some(({ operation, state }) => operation === name && state !== undefined)) await once(told, "news");
    },
  };
}

/** A line without what differs from run to run. */
function facts({ level, msg, kind, attempt, state, made, reason, problem }: Line): unknown[] {
  return [level, msg, kind, attempt, state, made, reason, problem].filter((fact) => fact !== undefined);
}

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
    const { name } = await runInScope({ trace }, () => operations.submit(submission));
    await operations.wait(name);
    const messages = lines.map(({ msg }) => msg);
    assert.ok(messages.includes("at work") && messages.includes("visible as SUCCEEDED"), messages.join());
    for (const { msg, operation, trace_id, span_id } of lines) {
      assert.deepEqual([msg, operation, trace_id], [msg, name, trace.traceId]);
      assert.notEqual(span_id, trace.spanId);
    }
  });

  test("the log has a line when a try begins and one when it ends, with what was made or why not", async (context) => {
    const { lines, settings, ended } = newsLog();
    const bench = await openBench(context);
    const run = async ({ record, attempt }: JobContext): Promise<JobResult> => {
      if (record.resource === "made") return { value: text("made"), made: "projects/p1/things/made" };
      if (record.resource === "odd") throw new Error("a fault of ours");
      throw new PssrError(attempt === 1 ? "UNAVAILABLE" : "TILE_TOO_LARGE", `try ${attempt} failed`);
    };
    const operations = await bench.start(run, { settings });
    const trace = newSpan();
    const told = async (resource: string): Promise<Line[]> => {
      lines.length = 0;
      const { name } = await runInScope({ trace }, () => operations.submit({ ...submission, resource }));
      await ended(name);
      for (const line of lines) assert.deepEqual([line.operation, line.trace_id], [name, trace.traceId]);
      for (const { msg, seconds } of lines)
        assert.equal(typeof seconds, msg === "operation began" ? "undefined" : "number");
      return [...lines];
    };
    assert.deepEqual((await told("made")).map(facts), [
      ["info", "operation began", "thing", 1],
      ["info", "operation ended", "thing", 1, "SUCCEEDED", "projects/p1/things/made"],
    ]);
    assert.deepEqual((await told("failing")).map(facts), [
      ["info", "operation began", "thing", 1],
      ["warn", "operation is tried again", "thing", 1, "UNAVAILABLE", "try 1 failed"],
      ["info", "operation began", "thing", 2],
      ["warn", "operation ended", "thing", 2, "FAILED", "TILE_TOO_LARGE", "try 2 failed"],
    ]);
    const odd = await told("odd");
    assert.deepEqual(odd.map(facts).at(-1), ["error", "operation ended", "thing", 1, "FAILED", "INTERNAL"]);
    assert.equal((odd.at(-1) as { err?: Error } | undefined)?.err?.message, "a fault of ours");
    assert.deepEqual(bench.reports, [], "nothing is said twice");
  });

  test("the log tells that work was cancelled, waiting or at work, and that a process which stops gave it back", async (context) => {
    const { lines, settings, ended } = newsLog();
    const bench = await openBench(context);
    let begun = moment();
    const first = await bench.start(
      async ({ signal }) => {
        begun.happen();
        return untilAborted(signal);
      },
      { settings },
    );
    const running = await first.submit({ ...submission, resource: "running" });
    await begun.happened;
    const waiting = await first.submit({ ...submission, resource: "waiting" });
    await first.cancel(waiting.name);
    begun = moment();
    await first.cancel(running.name);
    await ended(running.name);
    const third = await first.submit({ ...submission, resource: "third" });
    await begun.happened;
    await first.close();
    const told = (name: string) => lines.filter(({ operation }) => operation === name).map(facts);
    const began = ["info", "operation began", "thing", 1];
    assert.deepEqual(told(waiting.name), [["info", "operation ended", "thing", 0, "CANCELLED"]]);
    assert.deepEqual(told(running.name), [began, ["info", "operation ended", "thing", 1, "CANCELLED"]]);
    const givenBack = "operation was given back: this process stops, and it goes on elsewhere or later";
    assert.deepEqual(told(third.name), [began, ["info", givenBack, "thing", 1]]);
    assert.deepEqual(bench.reports, []);
  });
});
