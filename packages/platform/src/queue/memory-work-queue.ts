/** The queue within one process. It is empty after a start: the operations' sweeper refills it from the state store. */
import { PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { currentScope } from "../log/log-scope.js";
import type { TraceContext } from "../log/trace-context.js";
import { WaitingClaims } from "./waiting-claims.js";
import type { Claim, WorkQueue } from "./work-queue.js";

export interface MemoryWorkQueueOptions {
  /** How long a claim holds without a heartbeat, milliseconds. Default 30,000. */
  visibilityMs?: number;
}

interface Job {
  kind: string;
  jobId: string;
  payload: Uint8Array;
  trace: TraceContext | undefined;
  /** Counts deliveries: a claim speaks for the job only while this is the number it was made with. */
  delivery: number;
  timer: NodeJS.Timeout | undefined;
}

interface Line {
  ready: Job[];
  waiters: WaitingClaims;
}

export class MemoryWorkQueue implements WorkQueue {
  readonly #jobs = new Map<string, Job>();
  readonly #lines = new Map<string, Line>();
  readonly #visibilityMs: number;
  #closed = false;

  constructor({ visibilityMs = 30_000 }: MemoryWorkQueueOptions = {}) {
    this.#visibilityMs = visibilityMs;
  }

  async publish(kind: string, jobId: string, payload: Uint8Array, { signal }: Abortable = {}): Promise<void> {
    signal?.throwIfAborted();
    if (this.#closed) throw closed();
    const name = JSON.stringify([kind, jobId]);
    if (this.#jobs.has(name)) return;
    const { trace } = currentScope();
    const job = { kind, jobId, payload: payload.slice(), trace, delivery: 0, timer: undefined };
    this.#jobs.set(name, job);
    this.#makeReady(job, 0);
  }

  async claim(kind: string, { signal }: Abortable = {}): Promise<Claim> {
    signal?.throwIfAborted();
    if (this.#closed) throw closed();
    const line = this.#line(kind);
    const job = line.ready.shift();
    if (job !== undefined) return this.#deliver(job);
    return line.waiters.wait({ signal });
  }

  /** Drops what is queued; waiting claims fail with UNAVAILABLE. */
  close(): void {
    this.#closed = true;
    for (const job of this.#jobs.values()) clearTimeout(job.timer);
    this.#jobs.clear();
    for (const { waiters } of this.#lines.values()) waiters.failAll(closed());
    this.#lines.clear();
  }

  #line(kind: string): Line {
    let line = this.#lines.get(kind);
    if (line === undefined) {
      line = { ready: [], waiters: new WaitingClaims() };
      this.#lines.set(kind, line);
    }
    return line;
  }

  #makeReady(job: Job, delayMs: number): void {
    clearTimeout(job.timer);
    if (delayMs > 0) {
      job.timer = setTimeout(() => this.#makeReady(job, 0), delayMs);
      return;
    }
    const line = this.#line(job.kind);
    if (!line.waiters.give(() => this.#deliver(job))) line.ready.push(job);
  }

  #deliver(job: Job): Claim {
    job.delivery += 1;
    const delivery = job.delivery;
    const holds = (): boolean => job.delivery === delivery && this.#jobs.get(name) === job;
    const name = JSON.stringify([job.kind, job.jobId]);
    const hold = (): void => {
      clearTimeout(job.timer);
      job.timer = setTimeout(() => {
        job.delivery += 1; // the claim is void from now on
        this.#makeReady(job, 0);
      }, this.#visibilityMs);
    };
    hold();
    return {
      kind: job.kind,
      jobId: job.jobId,
      payload: job.payload,
      trace: job.trace,
      heartbeat: async ({ signal }: Abortable = {}) => {
        signal?.throwIfAborted();
        if (holds()) hold();
      },
      ack: async ({ signal }: Abortable = {}) => {
        signal?.throwIfAborted();
        if (!holds()) return;
        clearTimeout(job.timer);
        this.#jobs.delete(name);
      },
      giveBack: async (delayMs: number, { signal }: Abortable = {}) => {
        signal?.throwIfAborted();
        if (!holds()) return;
        job.delivery += 1;
        this.#makeReady(job, delayMs);
      },
    };
  }
}

function closed(): PssrError {
  return new PssrError("UNAVAILABLE", "the work queue is closed");
}
