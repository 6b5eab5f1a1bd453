/**
 * One worker's try at a job: runs it, shows that it lives, hears when to stop, and commits the end. Every write of the record is
 * a compare-and-set by this attempt's claim, so after it was taken over it can write nothing any more.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isPssrError, PssrError, reasons } from "@pssr/api";
import type { Ports } from "../ports/ports.js";
import type { Claim } from "../queue/work-queue.js";
import { type AbortedBecause, JobAborted, type JobContext, type JobKind, type JobResult } from "./job.js";
import { mayPass } from "./may-pass.js";
import { encodeOperationEvent } from "./operation-event.js";
import type { OperationIndex } from "./operation-index.js";
import type { AttemptOutcome } from "./operation-metrics.js";
import { checkPart, isTerminal, type OperationRecord, type OperationState, recordedError } from "./record.js";
import type { OperationRecords, StoredRecord } from "./records.js";
import { heartbeatOf, leaseOf, type OperationsSettings, retryAfterMs } from "./settings.js";
import { type Progress, viewOf } from "./view.js";

type Outcome = { result: JobResult } | { error: unknown };
const ends = { SUCCEEDED: "succeeded", FAILED: "failed", CANCELLED: "cancelled" } as const;
type Decide = (record: OperationRecord) => Partial<OperationRecord>;

export class Attempt {
  readonly #abort = new AbortController();
  readonly #number: number;
  readonly #claimant: string;
  #writes: Promise<unknown> = Promise.resolve();
  #beating = false;
  /** The last write has been made; a heartbeat or a job that did not stop must not follow it with another. */
  #ended = false;
  #outcome: AttemptOutcome = "lost";
  #error: unknown;
  #made: string | undefined;
  #progress: Progress | undefined;
  #sequence = 0;
  #untold = false;
  #telling = false;
  /** The last event could not be told. */
  #unheard = false;
  /** When the record last was ours for certain, monotonic. */
  #renewedMs: number;
  /** When it was told to stop, monotonic. */
  #stoppedMs: number | undefined;

  constructor(
    private readonly kind: JobKind,
    private readonly claim: Claim,
    private stored: StoredRecord,
    private readonly ports: Ports,
    private readonly records: OperationRecords,
    private readonly index: OperationIndex,
    private readonly settings: Required<OperationsSettings>,
  ) {
    this.#number = stored.record.attempt;
    this.#claimant = stored.record.claimant;
    this.#renewedMs = settings.clock.monotonic();
  }

  /** How it ended; "lost" until its end is recorded. */
  get outcome(): AttemptOutcome {
    return this.#outcome;
  }

  /** Why it failed, or is tried again. */
  get error(): unknown {
    return this.#error;
  }

  /** Name of what it made. */
  get made(): string | undefined {
    return this.#outcome === "succeeded" ? this.#made : undefined;
  }

  /** Resolves when the attempt has ended and its end is recorded, with the record if it is terminal. */
  async run(stopping: AbortSignal): Promise<StoredRecord | undefined> {
    const stop = (): void => this.#stop("SHUTTING_DOWN");
    stopping.addEventListener("abort", stop, { once: true });
    if (stopping.aborted) stop();
    const unlisten = this.index.listen(this.stored.key, (entry) => {
      if (entry === undefined || entry.record.attempt > this.#number) this.#stop("LEASE_LOST");
      else if (entry.record.attempt === this.#number && entry.record.cancelRequested) this.#stop("CANCELLED");
    });
    const beats = setInterval(() => void this.#beat(), heartbeatOf(this.kind));
    try {
      return await this.#finish(await this.#work());
    } catch (error) {
      if (!(error instanceof JobAborted)) throw error;
      this.#report(new PssrError("REVISION_CONFLICT", `${error.because}: ${error.message}`), "leaving");
      await this.#hint("giving back", () => this.claim.giveBack(leaseOf(this.kind)));
      return undefined;
    } finally {
      clearInterval(beats);
      unlisten();
      stopping.removeEventListener("abort", stop);
    }
  }

  #stop(because: AbortedBecause): void {
    this.#stoppedMs ??= this.settings.clock.monotonic();
    this.#abort.abort(new JobAborted(because));
  }

  /** The job's outcome; a job that does not stop in time when told to is left behind. */
  async #work(): Promise<Outcome> {
    const { signal } = this.#abort;
    const { project, id } = this.stored.record;
    const job: JobContext = {
      record: this.stored.record,
      attempt: this.#number,
      signal,
      stopGraceMs: this.settings.stopGraceMs,
      objectPrefix: `operations/${project}/${id}/${this.#number}/`,
      progress: (value) => this.#tellProgress(value),
      checkpoint: async (reference) => {
        checkPart("checkpoint", Buffer.byteLength(JSON.stringify(reference)));
        await this.#write(() => ({ ...this.#latestProgress(), checkpoint: reference, crashes: 0, retries: 0 }));
      },
    };
    const settled = new AbortController();
    const late = new Promise<Outcome>((resolve) => {
      signal.addEventListener("abort", () => {
        sleep(this.settings.stopGraceMs, undefined, { signal: settled.signal }).then(
          () => resolve({ error: signal.reason }),
          () => undefined, // it stopped in time
        );
      });
    });
    const work = (async (): Promise<Outcome> => {
      try {
        signal.throwIfAborted();
        const result = await this.kind.run(job);
        const { value, keepAttempts, keepObjects } = result;
        checkPart("result", value.bytes.length + JSON.stringify([keepAttempts, keepObjects]).length);
        return { result };
      } catch (error) {
        return { error };
      }
    })();
    const outcome = await Promise.race([work, late]);
    settled.abort();
    return outcome;
  }

  async #finish(outcome: Outcome): Promise<StoredRecord | undefined> {
    const stored = await this.#write((record) => this.#end(record, outcome), true);
    const { state, retries } = stored.record;
    this.#outcome = outcomeOf(state, this.#abort.signal);
    if (isTerminal(state)) {
      await this.#hint("acknowledging", () => this.claim.ack());
      return stored;
    }
    const delayMs = this.#abort.signal.aborted ? 0 : retryAfterMs(retries, this.settings);
    await this.#hint("giving back", () => this.claim.giveBack(delayMs));
    return undefined;
  }

  /** What the queue is told is a hint: it comes to the same, a little later, where it does not hear it. */
  async #hint(doing: string, tell: () => Promise<void>): Promise<void> {
    await tell().catch((error: unknown) => this.#report(error, doing));
  }

  #end(record: OperationRecord, outcome: Outcome): Partial<OperationRecord> {
    this.#error = undefined; // it may be decided again, when the record has changed meanwhile
    const ended = {
      ...this.#latestProgress(),
      materialised: false,
      times: { ...record.times, endedMs: this.settings.clock.now() },
    };
    if ("result" in outcome) {
      const { value, made, keepAttempts = [], keepObjects = [] } = outcome.result;
      this.#made = made;
      return { ...ended, state: "SUCCEEDED", result: { attempt: this.#number, value, keepAttempts, keepObjects } };
    }
    const reason: unknown = this.#abort.signal.reason;
    const because = reason instanceof JobAborted ? reason.because : undefined;
    // Taken over: the compare-and-set would fail; say so without trying.
    if (because === "LEASE_LOST") throw reason;
    if (because === "CANCELLED" || record.cancelRequested) return { ...ended, ...cancelled };
    if (because === "SHUTTING_DOWN") return { ...this.#latestProgress(), state: "PENDING", claimant: "" };
    const { error } = outcome;
    this.#error = error;
    if (mayPass(error) && record.retries < this.settings.maximumRetries) {
      return { ...this.#latestProgress(), state: "PENDING", claimant: "", retries: record.retries + 1 };
    }
    return { ...ended, state: "FAILED", error: recordedError(error) };
  }

  #tellProgress(value: Progress["value"]): void {
    this.#abort.signal.throwIfAborted();
    checkPart("progress", value.bytes.length);
    this.#sequence += 1;
    this.#progress = { attempt: this.#number, sequence: this.#sequence, value };
    this.#untold = true;
    void this.#tellOn();
  }

  /** One event is under way at a time, and the last progress waits: a bus that is slow or away holds nothing else up. */
  async #tellOn(): Promise<void> {
    if (this.#telling) return;
    this.#telling = true;
    try {
      while (this.#untold) {
        this.#untold = false;
        await this.#tell();
        this.#unheard = false;
      }
    } catch (error) {
      // Once for all that are lost together.
      if (!this.#unheard) this.#report(error, "telling the progress of");
      this.#unheard = true;
    } finally {
      this.#telling = false;
    }
  }

  async #tell(): Promise<void> {
    const { key, record, revision } = this.stored;
    const progress = this.#progress;
    const { traceparent } = record;
    const nowMs = this.settings.clock.now();
    const event = encodeOperationEvent({ view: viewOf(record, revision, progress), progress, traceparent, nowMs });
    await this.ports.events.publish(key, event);
  }

  #latestProgress(): Partial<OperationRecord> {
    return this.#progress === undefined ? {} : { progress: this.#progress };
  }

  async #beat(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    try {
      await this.#hint("holding the claim of", () => this.claim.heartbeat());
      await this.#write((record) => ({ ...this.#latestProgress(), beat: record.beat + 1 }));
    } catch (error) {
      if (error instanceof JobAborted) return;
      this.#report(error, "keeping the lease of");
      if (this.#silentMs() >= this.settings.outageMs) this.#stop("LEASE_LOST");
    } finally {
      this.#beating = false;
    }
  }

  #report(error: unknown, doing: string): void {
    this.settings.report(error, `${doing} ${this.stored.key}`);
  }

  #silentMs(): number {
    return this.settings.clock.monotonic() - this.#renewedMs;
  }

  /**
   * Changes the record while it is ours; JobAborted with LEASE_LOST, for the job too, once it is not. One at a time. A store that
   * cannot be reached, or is full, is waited for: as long as nobody else has the job, what was done for it is not lost.
   */
  async #write(decide: Decide, last = false): Promise<StoredRecord> {
    const turn = this.#writes.then(async () => {
      for (let waitMs = 50, told = false; ; waitMs = Math.min(waitMs * 2, heartbeatOf(this.kind))) {
        try {
          return await this.#writeNow(decide, last);
        } catch (error) {
          if (!this.#mayGoOn(error, last)) throw error;
          if (!told) this.#report(error, "writing the record, which is tried again, of");
          told = true;
          await sleep(waitMs);
        }
      }
    });
    this.#writes = turn.catch(() => undefined); // the caller has the error; the next writer must not
    return turn;
  }

  /** Whether a failed write is worth another try. */
  #mayGoOn(error: unknown, last: boolean): boolean {
    if (error instanceof JobAborted || !(last || mayPass(error))) return false;
    const { stopGraceMs, outageMs } = this.settings;
    const stoppedMs = this.#stoppedMs === undefined ? 0 : this.settings.clock.monotonic() - this.#stoppedMs;
    return this.#silentMs() < outageMs && stoppedMs < stopGraceMs;
  }

  async #writeNow(decide: Decide, last: boolean): Promise<StoredRecord> {
    for (;;) {
      if (this.#ended) throw new JobAborted("LEASE_LOST");
      try {
        this.stored = await this.records.replace(this.stored, decide(this.stored.record));
        this.#renewedMs = this.settings.clock.monotonic();
        this.#ended = last;
        return this.stored;
      } catch (error) {
        if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
      }
      const present = await this.records.get(this.stored.key);
      const ours = present?.record.attempt === this.#number && present.record.claimant === this.#claimant;
      const running = present?.record.state === "RUNNING";
      // A commit whose answer was lost has happened all the same.
      if (present !== undefined && ours && !running && last) return present;
      if (present === undefined || !ours || !running) {
        this.#stop("LEASE_LOST");
        throw new JobAborted("LEASE_LOST");
      }
      this.stored = present;
      if (present.record.cancelRequested) this.#stop("CANCELLED");
    }
  }
}

function outcomeOf(state: OperationState, { aborted }: AbortSignal): AttemptOutcome {
  if (state === "SUCCEEDED" || state === "FAILED" || state === "CANCELLED") return ends[state];
  return aborted ? "given_back" : "retried";
}

/** What makes a record CANCELLED, beside the time. */
export const cancelled = {
  state: "CANCELLED",
  cancelRequested: true,
  materialised: false,
  error: { code: reasons.CANCELLED.code, reason: "CANCELLED", message: "the operation was cancelled", metadata: {} },
} satisfies Partial<OperationRecord>;
