/**
 * The port to work waiting for a worker. The queue is a hint, never the truth: a message may come twice or late, so whoever
 * claims one reads the record it points to before doing anything.
 */
import type { Abortable } from "../abortable.js";
import type { TraceContext } from "../log/trace-context.js";

/** One delivery of a job. Once its visibility time has passed without a heartbeat, the methods do nothing any more. */
export interface Claim {
  readonly kind: string;
  readonly jobId: string;
  readonly payload: Uint8Array;
  /** The span it was published in, if there was one. */
  readonly trace: TraceContext | undefined;
  /** Holds the job for another visibility time. */
  heartbeat(options?: Abortable): Promise<void>;
  /** The job is dealt with and leaves the queue. */
  ack(options?: Abortable): Promise<void>;
  /** The job goes back, claimable again after `delayMs`. */
  giveBack(delayMs: number, options?: Abortable): Promise<void>;
}

/** Every method may fail with UNAVAILABLE, and rejects with the signal's reason once that is aborted. */
export interface WorkQueue {
  /**
   * Queues a job. From then until it is acknowledged a second publish of the same kind and id changes nothing. Each is delivered
   * at least once, in about the order of publishing.
   */
  publish(kind: string, jobId: string, payload: Uint8Array, options?: Abortable): Promise<void>;
  /**
   * Waits for the next job of a kind and claims it. A claim without a heartbeat for the queue's visibility time returns to
   * the queue, any number of times.
   */
  claim(kind: string, options?: Abortable): Promise<Claim>;
}
