/** What is counted of operations: how many wait and run, how long they waited, how long each try took and how it ended. */
import type { Reason } from "@pssr/api";
import { counter, gauge, histogram, jobBuckets } from "../telemetry/registry.js";
import type { OperationIndex } from "./operation-index.js";

/**
 * How a try ended: the operation SUCCEEDED, FAILED or CANCELLED; it was given back by a process that stops, or to be tried again;
 * or nobody can tell, as another worker has it.
 */
export type AttemptOutcome = "succeeded" | "failed" | "cancelled" | "given_back" | "retried" | "lost";

interface Source {
  kinds: Iterable<string>;
  index: OperationIndex;
}

const sources = new Set<Source>();

gauge(
  "pssr_operations",
  "Operations that wait for a worker or have one, of the whole installation as this process knows it",
  ["kind", "state"],
  (operations) => {
    operations.reset();
    for (const { kinds, index } of sources) {
      for (const kind of kinds) for (const state of ["waiting", "running"]) operations.inc({ kind, state }, 0);
      for (const { record } of index.newestFirst()) {
        if (record.state === "PENDING") operations.inc({ kind: record.kind, state: "waiting" });
        if (record.state === "RUNNING") operations.inc({ kind: record.kind, state: "running" });
      }
    }
  },
);

/** Counts the operations of an index until the returned function is called. */
export function countOperations(source: Source): () => void {
  sources.add(source);
  return () => sources.delete(source);
}

export const queueSeconds = histogram(
  "pssr_operation_queue_seconds",
  "From the submit of an operation to its first worker",
  jobBuckets,
  ["kind"],
);

export const attemptSeconds = histogram(
  "pssr_operation_attempt_seconds",
  "Tries at an operation, from the claim to its end, by how they ended",
  jobBuckets,
  ["kind", "outcome"],
);

export const crashes = counter("pssr_operation_crashes_total", "Operations taken over from a worker that fell silent", [
  "kind",
]);

export const failures = counter("pssr_operation_failures_total", "Operations that failed, by the reason", [
  "kind",
  "reason",
]);

/** Failures that somebody is told of. */
const alertedReasons: readonly Reason[] = ["INTERNAL", "OBJECT_CORRUPT", "WORKER_CRASHED", "STORAGE_FULL"];

/** Lets the counters that alerts look at begin with 0, in a process that works on these operations: see `counter`. */
export function countFailuresOf(kind: string): void {
  crashes.inc({ kind }, 0);
  for (const reason of alertedReasons) failures.inc({ kind, reason }, 0);
}
