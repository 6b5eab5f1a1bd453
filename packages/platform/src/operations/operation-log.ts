/** What a process tells of the operations that it works on: a line when a try begins, and one when it ends. */
import { isPssrError, type PssrError } from "@pssr/api";
import { runInScope } from "../log/log-scope.js";
import type { Logger } from "../log/logger.js";
import { jobScope } from "./job-scope.js";
import type { AttemptOutcome } from "./operation-metrics.js";
import { operationKey } from "./operation-name.js";
import type { OperationRecord } from "./record.js";

export interface OperationNews {
  /** That a try began, or how it ended; "cancelled" also of an operation that nobody has begun. */
  what: "began" | AttemptOutcome;
  record: OperationRecord;
  /** Why it failed, or is tried again. */
  error?: unknown;
  /** Name of what it made. */
  made?: string | undefined;
  /** How long the try took. */
  seconds?: number;
}

/** Whom operations tell their news; called in the scope of the operation. */
export type TellNews = (news: OperationNews) => void;

/** Tells it in the scope of the operation, wherever it happened: a cancel belongs to a call of its own. */
export function tellOf(news: OperationNews, tell: TellNews): void {
  runInScope(jobScope(news.record), () => tell(news));
}

/** For who logs no news: errors of work, which no caller can be told, are reported all the same. */
export function errorsAlone(report: (error: unknown, doing: string) => void): TellNews {
  return ({ what, error, seconds, record: { project, id } }) => {
    if (error === undefined || seconds === undefined) return; // nobody has tried
    report(error, `running ${operationKey(project, id)}${what === "retried" ? ", which is tried again" : ""}`);
  };
}

const messages = {
  succeeded: "operation ended",
  failed: "operation ended",
  cancelled: "operation ended",
  given_back: "operation was given back: this process stops, and it goes on elsewhere or later",
  retried: "operation is tried again",
  lost: "operation was taken over: what was done here does not count",
} as const satisfies Record<AttemptOutcome, string>;

const states = { succeeded: "SUCCEEDED", failed: "FAILED", cancelled: "CANCELLED" } as const;

/** Writes news to the log, whose lines get the operation's name and trace from the scope. */
export function newsInLog(log: Logger): TellNews {
  return ({ what, record: { kind, attempt, crashes }, error, made, seconds }) => {
    if (what === "began") {
      log.info({ kind, attempt, ...(crashes === 0 ? {} : { crashes }) }, "operation began");
      return;
    }
    // Said already where it was noticed, with the reason.
    if (what === "lost" && error === undefined) return;
    const facts = {
      kind,
      attempt,
      ...(what in states ? { state: states[what as keyof typeof states] } : {}),
      ...(made === undefined ? {} : { made }),
      ...(seconds === undefined ? {} : { seconds: Math.round(seconds * 1000) / 1000 }),
    };
    if (error === undefined) log.info(facts, messages[what]);
    else if (isTold(error)) log.warn({ ...facts, reason: error.reason, problem: error.message }, messages[what]);
    else log.error({ ...facts, reason: "INTERNAL", err: error }, messages[what]);
  };
}

/** A typed error is the caller's business and told to him; only what is a fault of ours needs its stack. */
export function isTold(error: unknown): error is PssrError {
  return isPssrError(error) && error.reason !== "INTERNAL";
}
