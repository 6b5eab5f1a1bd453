/** Claims the jobs of one kind and runs them, so many at once. What a job is in truth it reads from the record. */
import { setTimeout as sleep } from "node:timers/promises";
import { isPssrError, PssrError } from "@pssr/api";
import { runInScope } from "../log/log-scope.js";
import type { Ports } from "../ports/ports.js";
import type { Claim } from "../queue/work-queue.js";
import { Attempt, cancelled } from "./attempt.js";
import type { JobKind } from "./job.js";
import { type Leases, newClaimant } from "./lease.js";
import type { Materialiser } from "./materialiser.js";
import { observeAttempt } from "./observe-attempt.js";
import type { OperationIndex } from "./operation-index.js";
import { tellOf } from "./operation-log.js";
import { crashes, failures } from "./operation-metrics.js";
import { isTerminal, type OperationRecord, recordedError } from "./record.js";
import type { OperationRecords, StoredRecord } from "./records.js";
import { leaseOf, type OperationsSettings, retryAfterMs } from "./settings.js";

const pauseAfterErrorMs = 500;

export class Worker {
  /** Aborted when no further job is wanted; those under way go on until `#stopping`. */
  readonly #sated = new AbortController();
  readonly #stopping = new AbortController();
  #lanes: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly kind: JobKind,
    private readonly ports: Ports,
    private readonly records: OperationRecords,
    private readonly index: OperationIndex,
    private readonly leases: Leases,
    private readonly materialiser: Materialiser,
    private readonly settings: Required<OperationsSettings>,
  ) {}

  start(): void {
    this.#lanes = Promise.all(Array.from({ length: this.kind.concurrency }, () => this.#lane()));
  }

  /** Takes no further job. */
  stopClaiming(): void {
    this.#sated.abort();
  }

  /** Stops claiming, lets running jobs stop and gives them back. */
  async close(): Promise<void> {
    this.stopClaiming();
    this.#stopping.abort();
    await this.#lanes;
  }

  async #lane(): Promise<void> {
    const { signal } = this.#sated;
    while (!signal.aborted) {
      let claim: Claim | undefined;
      try {
        claim = await this.ports.queue.claim(this.kind.kind, { signal });
        // It may have come in the moment in which it was wanted no more.
        if (signal.aborted) await claim.giveBack(0);
        else await this.#handle(claim);
      } catch (error) {
        if (signal.aborted && claim === undefined) return;
        if (claim === undefined) this.settings.report(error, `claiming ${this.kind.kind} jobs`);
        else await this.#giveBackAfter(error, claim);
        await sleep(pauseAfterErrorMs, undefined, { signal }).catch(() => undefined); // closed meanwhile
      }
    }
  }

  #giveBackAfter(error: unknown, claim: Claim): Promise<void> {
    const { report } = this.settings;
    return runInScope(claim.trace === undefined ? {} : { trace: claim.trace }, async () => {
      report(error, `handling ${claim.jobId}`);
      await claim.giveBack(pauseAfterErrorMs).catch((again: unknown) => report(again, `giving back ${claim.jobId}`));
    });
  }

  async #handle(claim: Claim): Promise<void> {
    const key = new TextDecoder().decode(claim.payload);
    const stored = await this.records.get(key);
    if (stored === undefined || isTerminal(stored.record.state)) {
      await claim.ack();
      return;
    }
    const waitMs = this.#waitMs(stored);
    if (waitMs > 0) {
      await claim.giveBack(waitMs);
      return;
    }
    const taken = await this.#takeOver(stored);
    if (taken === undefined) {
      await claim.giveBack(0); // somebody was quicker: look again
      return;
    }
    if (stored.record.state === "RUNNING") crashes.inc({ kind: this.kind.kind });
    if (!isTerminal(taken.record.state)) {
      const attempt = new Attempt(this.kind, claim, taken, this.ports, this.records, this.index, this.settings);
      const about = { before: stored.record, record: taken.record, published: claim.trace };
      const end = await observeAttempt(about, attempt, this.settings.tell, () => attempt.run(this.#stopping.signal));
      if (end === undefined) return;
    } else {
      this.#tellEnd(taken.record);
      await claim.ack();
    }
    await this.materialiser.run(key);
  }

  /** Of an operation that ends as it is claimed. */
  #tellEnd(record: OperationRecord): void {
    const { kind, error } = record;
    if (error?.reason === "WORKER_CRASHED") {
      failures.inc({ kind, reason: error.reason });
      tellOf({ what: "failed", record, error: new PssrError(error.reason, error.message) }, this.settings.tell);
    } else tellOf({ what: "cancelled", record }, this.settings.tell);
  }

  /** The record with our claim on it, undefined where somebody was quicker, or where that cannot be known before we stop. */
  async #takeOver(stored: StoredRecord): Promise<StoredRecord | undefined> {
    const changes = this.#take(stored.record);
    try {
      return await this.records.replace(stored, changes);
    } catch (error) {
      if (isPssrError(error, "REVISION_CONFLICT")) return undefined;
      if (!isPssrError(error, "UNAVAILABLE")) throw error;
      this.settings.report(error, `taking ${stored.key}`);
    }
    // It may have been written all the same. Left alone, it would count as a crash of ours.
    const { signal } = this.#stopping;
    for (;;) {
      await sleep(pauseAfterErrorMs, undefined, { signal }).catch(() => undefined); // closed meanwhile
      if (signal.aborted) return undefined;
      try {
        const present = await this.records.get(stored.key);
        const isOurs = changes.claimant !== undefined && present?.record.claimant === changes.claimant;
        return isOurs ? present : undefined;
      } catch (error) {
        if (!isPssrError(error, "UNAVAILABLE")) throw error;
      }
    }
  }

  /** How long nobody may take a job: while it has its worker, and before it is tried again, however often it is delivered. */
  #waitMs(stored: StoredRecord): number {
    const { state, retries } = stored.record;
    if (state === "RUNNING") return this.leases.remainingMs(stored, leaseOf(this.kind));
    // A queue within one process delivers once, and what a former process waited for need not be waited for again.
    if (this.settings.exclusive) return 0;
    const retryMs = retryAfterMs(retries, this.settings);
    const entry = this.index.get(stored.key);
    if (entry?.revision !== stored.revision) return retryMs;
    return Math.max(0, entry.seenSinceMs + retryMs - this.settings.clock.monotonic());
  }

  /** What claiming makes of a record: a new attempt, or the end where there must be none. */
  #take(record: OperationRecord): Partial<OperationRecord> {
    const nowMs = this.settings.clock.now();
    const ended = { materialised: false, times: { ...record.times, endedMs: nowMs } };
    if (record.cancelRequested) return { ...ended, ...cancelled };
    const crashes = record.crashes + (record.state === "RUNNING" ? 1 : 0);
    if (crashes >= this.settings.maximumCrashes) {
      const error = new PssrError(
        "WORKER_CRASHED",
        `the work ended its process ${crashes} times without progress (the last time in attempt ${record.attempt}); see the service's log for the cause`,
        { metadata: { crashes: `${crashes}`, attempt: `${record.attempt}` } },
      );
      return { ...ended, state: "FAILED", crashes, error: recordedError(error) };
    }
    return {
      state: "RUNNING",
      attempt: record.attempt + 1,
      claimant: newClaimant(),
      beat: 0,
      crashes,
      times: { ...record.times, startedMs: record.times.startedMs ?? nowMs },
    };
  }
}
