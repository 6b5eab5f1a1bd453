/**
 * Looks after operations from time to time: what a crash, a lost message or a failed step left undone is found here, by reading
 * the truth, and done.
 */
import { isPssrError } from "@pssr/api";
import { runInScope } from "../log/log-scope.js";
import type { Ports } from "../ports/ports.js";
import { cancelled } from "./attempt.js";
import type { JobKind } from "./job.js";
import { jobScope } from "./job-scope.js";
import type { Leases } from "./lease.js";
import { sweepLostObjects } from "./lost-objects.js";
import type { Materialiser } from "./materialiser.js";
import type { IndexEntry, OperationIndex } from "./operation-index.js";
import { tellOf } from "./operation-log.js";
import { isTerminal, type OperationRecord } from "./record.js";
import type { OperationRecords } from "./records.js";
import { Republication } from "./republication.js";
import { leaseOf, type OperationsSettings } from "./settings.js";

/** How long we must have seen what we remove, unchanged and on our own clock. */
const leastSeenMs = 600_000;

export class Sweeper {
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #sweep: Promise<void> | undefined;
  readonly #republication: Republication;
  #lastMs: number;

  constructor(
    private readonly kinds: ReadonlyMap<string, JobKind>,
    private readonly ports: Ports,
    private readonly records: OperationRecords,
    private readonly index: OperationIndex,
    private readonly leases: Leases,
    private readonly materialiser: Materialiser,
    private readonly settings: Required<OperationsSettings>,
  ) {
    this.#lastMs = settings.clock.monotonic();
    this.#republication = new Republication(settings.clock, settings.sweepMs);
  }

  start(): void {
    this.#lastMs = this.settings.clock.monotonic();
    this.#timer = setInterval(() => void this.sweep(), this.settings.sweepMs);
    void this.sweep();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#sweep;
  }

  /** Looks at every operation of our kinds once; joins a sweep that is under way. Errors are reported, not thrown. */
  sweep(): Promise<void> {
    this.#sweep ??= this.#all().finally(() => {
      this.#sweep = undefined;
    });
    return this.#sweep;
  }

  async #all(): Promise<void> {
    const now = this.settings.clock.monotonic();
    // This process itself stood still (suspended, overloaded): others may have beaten their hearts unseen.
    if (now - this.#lastMs > 2 * this.settings.sweepMs + 1_000) this.index.resetLeases();
    this.#lastMs = now;
    for (const entry of this.index.newestFirst().toReversed()) {
      const kind = this.kinds.get(entry.record.kind);
      if (kind === undefined) continue;
      if (this.#stop.signal.aborted) return;
      try {
        await this.#one(entry, kind);
      } catch (error) {
        // A conflict says that somebody else has just dealt with it.
        if (!isPssrError(error, "REVISION_CONFLICT") && !this.#stop.signal.aborted) {
          this.settings.report(error, `looking after ${entry.key}`);
        }
      }
    }
    this.#republication.keepOnly((key) => {
      const entry = this.index.get(key);
      return entry !== undefined && !isTerminal(entry.record.state);
    });
  }

  async #one(entry: IndexEntry, kind: JobKind): Promise<void> {
    const { key, record } = entry;
    const { signal } = this.#stop;
    if (isTerminal(record.state)) {
      if (record.materialised) await this.#afterTheEnd(entry);
      else await this.materialiser.run(key, { signal });
      return;
    }
    const live = record.state === "RUNNING" && this.leases.remainingMs(entry, leaseOf(kind)) > 0;
    if (!live && record.cancelRequested) {
      const endedMs = this.settings.clock.now();
      let endsHere = false;
      const stored = await this.records.update(
        key,
        (now) => {
          endsHere = now.state === record.state && now.attempt === record.attempt && now.beat === record.beat;
          return endsHere ? { ...cancelled, times: { ...now.times, endedMs } } : undefined;
        },
        { signal },
      );
      if (endsHere && stored !== undefined) tellOf({ what: "cancelled", record: stored.record }, this.settings.tell);
      await this.materialiser.run(key, { signal });
      return;
    }
    if (!live && this.#republication.isDue(entry)) {
      await runInScope(jobScope(record), () =>
        this.ports.queue.publish(kind.kind, key, new TextEncoder().encode(key), { signal }),
      );
      this.#republication.done(entry);
    }
    if (!record.materialised) await this.materialiser.run(key, { signal });
  }

  /**
   * Removes what an ended operation left behind, and in the end its record. The wall clock alone decides neither, as it may jump:
   * nothing goes that we have not seen unchanged for ten minutes on our own clock, and what a clock that was ahead dated into the
   * future is as old as we have seen it.
   */
  async #afterTheEnd(entry: IndexEntry): Promise<void> {
    const { key, record, revision } = entry;
    const { signal } = this.#stop;
    const { clock, orphanAgeMs, expireMs } = this.settings;
    const nowMs = clock.now();
    const seenMs = clock.monotonic() - entry.seenSinceMs;
    if (seenMs < Math.min(leastSeenMs, orphanAgeMs)) return;
    const ageMs = Math.max(nowMs - (record.times.endedMs ?? nowMs), seenMs);
    const isYoung = (writtenMs: number): boolean => Math.abs(nowMs - writtenMs) <= orphanAgeMs;
    if (!record.swept && ageMs > orphanAgeMs) {
      if (await sweepLostObjects(this.ports.objects, key, record, isYoung, { signal })) {
        // Unless its id was given to a new request meanwhile.
        const swept = (now: OperationRecord) =>
          isTerminal(now.state) && now.attempt === record.attempt ? { swept: true } : undefined;
        await this.records.update(key, swept, { signal });
      }
    } else if (record.swept && (record.deleted || ageMs > expireMs)) {
      // Once more, for what came after the first time: without the record nobody would know what is lost.
      if (!(await sweepLostObjects(this.ports.objects, key, record, isYoung, { signal }))) return;
      await this.records.delete({ key, revision }, { signal });
    }
  }
}
