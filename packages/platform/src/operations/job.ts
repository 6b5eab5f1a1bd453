/** What a service registers to have its work done as operations, and what a job finds around it when it runs. */
import type { Abortable } from "../abortable.js";
import type { Checkpoint, OperationRecord, TypedBytes } from "./record.js";

export interface JobResult {
  /** At most 8 KiB together with the lists below: bulk goes into the object store. */
  value: TypedBytes;
  /** Name of what was made, `projects/{project}/models/…`: for the log. */
  made?: string;
  /** Earlier attempts whose objects the result refers to as well, whatever they wrote. Default none. */
  keepAttempts?: number[];
  /**
   * Keys of single objects of earlier attempts that it refers to (those of a checkpoint it went on from). What is named neither
   * way is removed after a while. Default none.
   */
  keepObjects?: string[];
}

export interface JobKind {
  /** First part of the operations' ids and name of the queue: `training`, `prediction`, … */
  kind: string;
  /** How many run at once in this process; 0 for a process that only submits. */
  concurrency: number;
  /** How long a silent worker keeps its job, milliseconds. Default 10,000. */
  leaseMs?: number;
  /** How often a worker shows that it lives. Default a fifth of the lease. */
  heartbeatMs?: number;
  /**
   * Does the work. Everything it leaves goes under `objectPrefix`; nothing of that is seen unless its result is committed.
   * It must settle soon after `signal` is aborted. An error of reason UNAVAILABLE or STORAGE_FULL is tried
   * again a few times; any other ends the operation.
   */
  run(job: JobContext): Promise<JobResult>;
  /**
   * Brings the service's resource records in line with the operation's record: after the submit, and after its end. May be
   * repeated, at any time, by several processes, and with a record that is out of date by then: so it changes nothing when all is
   * in line, and never turns a resource that has ended back.
   */
  materialise(record: OperationRecord, options: Abortable): Promise<void>;
  /**
   * Whether the resource exists, or has existed, although no operation tells of it (that expired long ago, or failed): its id
   * is not given again. A kind without this never gives the id of a failed operation again.
   */
  exists?(project: string, resource: string, options: Abortable): Promise<boolean>;
}

export interface JobContext {
  /** The record when this attempt began, with the request and the last checkpoint. */
  readonly record: OperationRecord;
  readonly attempt: number;
  /** Aborted with a JobAborted that says why. */
  readonly signal: AbortSignal;
  /** How long `run` may take to settle once the signal is aborted, milliseconds; then it is left behind. */
  readonly stopGraceMs: number;
  /** `operations/{project}/{id}/{attempt}/`: object keys of this attempt alone. */
  readonly objectPrefix: string;
  /**
   * Tells watchers at once and keeps the last one in the record with the next heartbeat. Cheap; call it as
   * often as you like. Throws the signal's reason once that is aborted. At most 4 KiB.
   */
  progress(value: TypedBytes): void;
  /**
   * Remembers where to go on after a crash, durably once it resolves. What it refers to must be written before.
   * Still works between an abort for SHUTTING_DOWN and the end of `run`. At most 4 KiB as JSON.
   */
  checkpoint(reference: Checkpoint): Promise<void>;
}

export type AbortedBecause = "CANCELLED" | "LEASE_LOST" | "SHUTTING_DOWN";

const explanations: Record<AbortedBecause, string> = {
  CANCELLED: "the operation was cancelled",
  LEASE_LOST: "another worker has taken the operation over, or may have; nothing this one writes counts any more",
  SHUTTING_DOWN: "this process is shutting down; the operation goes on elsewhere or later",
};

/** Why a job must stop; reason of its signal. */
export class JobAborted extends Error {
  override readonly name = "JobAborted";

  constructor(readonly because: AbortedBecause) {
    super(explanations[because]);
  }
}
