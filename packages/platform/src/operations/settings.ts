/** What the parts of the operations share: the ports, the clock, and the numbers an operator may set. */
import { type Clock, systemClock } from "./clock.js";
import type { JobKind } from "./job.js";
import { errorsAlone, type TellNews } from "./operation-log.js";

export interface OperationsSettings {
  /**
   * No other process can use these ports (a locked data directory): then leases of former processes have ended with them.
   */
  exclusive: boolean;
  /** How often operations are looked after, milliseconds. Default 5,000. */
  sweepMs?: number;
  /** How long an aborted job may take to stop before it is given up, milliseconds. Default 4,000. */
  stopGraceMs?: number;
  /** Crashes without progress that end an operation. Default 3. */
  maximumCrashes?: number;
  /**
   * How long a worker that cannot reach the records goes on, milliseconds: nobody may have taken its job over meanwhile, and a
   * worker that finds that somebody has stops at once. Default 10 minutes.
   */
  outageMs?: number;
  /** Tries again after UNAVAILABLE or STORAGE_FULL, without progress. Default 10: with their waits about five minutes. */
  maximumRetries?: number;
  /** Wait before the first such try, milliseconds, doubled each time up to a minute. Default 1,000. */
  retryMs?: number;
  /** Age at which objects of attempts that lost are removed, milliseconds. Default 24 hours. */
  orphanAgeMs?: number;
  /** Age at which ended operations are forgotten, milliseconds. Default 30 days. */
  expireMs?: number;
  /** Operations known at once; bounds the memory of every process. Default 100,000. */
  maximumOperations?: number;
  /** Errors of work in the background, which no caller can be told. */
  report: (error: unknown, doing: string) => void;
  /** Told when a try begins and how it ended, in the operation's scope. Default: `report` has the errors among that. */
  tell?: TellNews;
  clock?: Clock;
}

const hourMs = 3_600_000;

/** The longest wait before another try. */
const maximumRetryMs = 60_000;

export function withDefaults(settings: OperationsSettings): Required<OperationsSettings> {
  return {
    sweepMs: 5_000,
    stopGraceMs: 4_000,
    maximumCrashes: 3,
    outageMs: 600_000,
    maximumRetries: 10,
    retryMs: 1_000,
    orphanAgeMs: 24 * hourMs,
    expireMs: 30 * 24 * hourMs,
    maximumOperations: 100_000,
    tell: errorsAlone(settings.report),
    clock: systemClock,
    ...settings,
  };
}

export function leaseOf(kind: JobKind): number {
  return kind.leaseMs ?? 10_000;
}

export function heartbeatOf(kind: JobKind): number {
  return kind.heartbeatMs ?? leaseOf(kind) / 5;
}

/** The wait before the next try of a job that has been tried again so often. */
export function retryAfterMs(retries: number, { retryMs }: Pick<Required<OperationsSettings>, "retryMs">): number {
  return retries === 0 ? 0 : Math.min(retryMs * 2 ** (retries - 1), maximumRetryMs);
}
