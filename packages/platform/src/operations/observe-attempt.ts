/** A try at a job as its spans and its metrics see it: that the job waited, and what came of the try. */
import type { TraceContext } from "../log/trace-context.js";
import { startSpan } from "../telemetry/span.js";
import { inJobSpan, parentOf } from "./job-scope.js";
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

/** Runs the try, and tells of it. */
export async function observeAttempt(
  { before, record, published }: AttemptFacts,
  attempt: { readonly outcome: AttemptOutcome },
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
    try {
      const end = await run();
      if (end?.record.state === "FAILED") {
        const { reason = "INTERNAL" } = end.record.error ?? {};
        failures.inc({ kind, reason });
        span.fail(new Failed(reason));
      }
      return end;
    } finally {
      attemptSeconds.observe({ kind, outcome: attempt.outcome }, (performance.now() - began) / 1000);
      span.set({ "pssr.outcome": attempt.outcome });
    }
  });
}

class Failed extends Error {
  constructor(override readonly name: string) {
    super(name);
  }
}
