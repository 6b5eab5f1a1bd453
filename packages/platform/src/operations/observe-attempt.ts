/** A try at a job as its spans, its metrics and the log see it: that the job waited, that it began, and what came of it. */
import type { TraceContext } from "../log/trace-context.js";
import { startSpan } from "../telemetry/span.js";
import { inJobSpan, parentOf } from "./job-scope.js";
import type { OperationNews, TellNews } from "./operation-log.js";
import { type AttemptOutcome, attemptSeconds, failures, queueSeconds } from "./operation-metrics.js";
import type { OperationRecord } from "./record.js";
import type { StoredRecord } from "./records.js";

export interface AttemptFacts {
  /** The record as it was claimed, and as this try has changed it. */
  before: OperationRecord;
  record: OperationRecord;
  /** The span that the job was published in. */
  published: TraceContext | undefined;
}

/** How a try stands. */
export type AttemptState = Pick<OperationNews, "error" | "made"> & { readonly outcome: AttemptOutcome };

/** Runs the try, and tells of it. */
export async function observeAttempt(
  { before, record, published }: AttemptFacts,
  attempt: AttemptState,
  tell: TellNews,
  run: () => Promise<StoredRecord | undefined>,
): Promise<StoredRecord | undefined> {
  const { kind, times } = record;
  const parent = parentOf(record, published);
  if (before.times.startedMs === undefined) {
    const { submittedMs, startedMs = submittedMs } = times;
    queueSeconds.observe({ kind }, Math.max(0, startedMs - submittedMs) / 1000); // of two machines' clocks
    startSpan(`wait ${kind}`, { parent, startMs: Math.min(submittedMs, startedMs) }).end();
  }
  const attributes = { "pssr.attempt": record.attempt };
  return inJobSpan("attempt", record, { kind: "consumer", parent, attributes }, async (span) => {
    const began = performance.now();
    tell({ what: "began", record });
    try {
      const end = await run();
      if (end?.record.state === "FAILED") {
        const { reason = "INTERNAL" } = end.record.error ?? {};
        failures.inc({ kind, reason });
        span.fail(new Failed(reason));
      }
      return end;
    } finally {
      const { outcome, error, made } = attempt;
      const seconds = (performance.now() - began) / 1000;
      attemptSeconds.observe({ kind, outcome }, seconds);
      span.set({ "pssr.outcome": outcome });
      tell({ what: outcome, record, error, made, seconds });
    }
  });
}

class Failed extends Error {
  constructor(override readonly name: string) {
    super(name);
  }
}
