/**
 * All operations of the store as this process knows them, fed by one watch and one subscription however many callers list
 * and watch. It also holds, for leases, since when a record has not changed on our own clock.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { EventBus } from "../events/event-bus.js";
import type { Revision, StateChange, StateStore } from "../state/state-store.js";
import type { Clock } from "./clock.js";
import { decodeOperationEvent, type ToldOperation } from "./operation-event.js";
import { operationsPrefix } from "./operation-name.js";
import { isTerminal, type OperationRecord, parseRecord } from "./record.js";
import { furtherProgress, type IndexedRecord, type Progress } from "./view.js";

export interface IndexEntry {
  key: string;
  record: IndexedRecord;
  revision: Revision;
  /** The furthest progress told by events, which may be ahead of the record's. */
  progress: Progress | undefined;
  /** When we first saw this revision, on the monotonic clock. */
  seenSinceMs: number;
  /** Whether it came or changed after this process had learned what there is: somebody writes it. */
  hasMoved: boolean;
  /** The same, or when we last connected: before that nobody can tell who was silent. */
  unchangedSinceMs: number;
}

/** Called with the entry after each change, undefined once it is gone. */
export type IndexListener = (entry: IndexEntry | undefined) => void;

export class OperationIndex {
  readonly #entries = new Map<string, IndexEntry>();
  readonly #listeners = new Map<string, Set<IndexListener>>();
  readonly #followers = new Set<(entry: IndexEntry) => void>();
  #late: (entry: IndexEntry) => void = () => undefined;
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  /** What the present watch has told, until it has told all that is there. */
  #seen: Set<string> | undefined;
  #isReady = false;
  /** Whether the present watch has told all that is there, and still tells what changes. */
  #isCurrent = false;
  #ready: () => void = () => undefined;
  /** Resolves when everything that was there at the start is known. */
  readonly ready = new Promise<void>((resolve) => {
    this.#ready = resolve;
  });
  /** Newest first; undefined after an operation came or went. */
  #newestFirst: IndexEntry[] | undefined;

  constructor(
    private readonly state: StateStore,
    private readonly events: EventBus,
    private readonly clock: Clock,
    private readonly report: (error: unknown, doing: string) => void,
  ) {}

  /** Resolves once everything present is known. */
  async start(): Promise<void> {
    const records = this.#repeat("following the records of operations", () => this.#followRecords());
    await this.ready;
    const events = this.#repeat("following the events of operations", () => this.#followEvents());
    this.#running = Promise.all([records, events]);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): IndexEntry | undefined {
    return this.#entries.get(key);
  }

  /** All of them, in no order. */
  entries(): Iterable<IndexEntry> {
    return this.#entries.values();
  }

  /** All of them, the newest first. Do not change it. */
  newestFirst(): readonly IndexEntry[] {
    this.#newestFirst ??= [...this.#entries.values()].sort(compareNewestFirst);
    return this.#newestFirst;
  }

  /** Takes a record that this process has just written, so that its callers see their own writes. */
  learn(key: string, record: OperationRecord, revision: Revision): void {
    this.#seen?.add(key);
    this.#put(key, record, revision);
  }

  /** Tells of changes to one operation until the returned function is called. */
  listen(key: string, listener: IndexListener): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }

  /** Tells of changes to all records. */
  follow(follower: (entry: IndexEntry) => void): void {
    this.#followers.add(follower);
  }

  /** Tells of events that say less than is known: they came from a worker that does not know yet that it was replaced. */
  onLateEvent(listener: (entry: IndexEntry) => void): void {
    this.#late = listener;
  }

  /** Whether it knows what changes: while it does not, nobody can tell who is silent. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** Every lease counts anew from now: after a pause of this process nobody can tell who was silent. */
  resetLeases(): void {
    const now = this.clock.monotonic();
    for (const entry of this.#entries.values()) entry.unchangedSinceMs = now;
  }

  async #repeat(doing: string, follow: () => Promise<void>): Promise<void> {
    for (let waitMs = 50; !this.#stop.signal.aborted; waitMs = Math.min(waitMs * 2, 5_000)) {
      try {
        await follow();
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.report(error, doing);
        await sleep(waitMs, undefined, { signal: this.#stop.signal }).catch(() => undefined); // closed meanwhile
      }
    }
  }

  async #followRecords(): Promise<void> {
    const seen = new Set<string>();
    this.#seen = seen;
    try {
      for await (const change of this.state.watch(operationsPrefix, { signal: this.#stop.signal })) {
        if (change.type === "current") {
          for (const key of this.#entries.keys()) if (!seen.has(key)) this.#remove(key);
          this.#seen = undefined;
          // However long the watch has waited for a connection.
          this.resetLeases();
          this.#isCurrent = true;
          this.#isReady = true;
          this.#ready();
        } else {
          this.#seen?.add(change.key);
          this.#take(change);
        }
      }
    } finally {
      this.#isCurrent = false;
    }
  }

  #take(change: Exclude<StateChange, { type: "current" }>): void {
    if (change.type === "delete") {
      this.#remove(change.key);
      return;
    }
    try {
      this.#put(change.key, parseRecord(change.key, change.value), change.revision);
    } catch (error) {
      // Others must go on; whoever asks for this one by name gets the error itself.
      this.report(error, `reading ${change.key}`);
      this.#remove(change.key);
    }
  }

  #put(key: string, record: OperationRecord, revision: Revision): void {
    const before = this.#entries.get(key);
    if (before !== undefined && before.revision >= revision) return;
    const { request: _request, checkpoint: _checkpoint, ...indexed } = record;
    const now = this.clock.monotonic();
    const entry: IndexEntry = {
      key,
      record: indexed,
      revision,
      // A new request in place of a failed one begins without progress.
      progress:
        before?.record.times.submittedMs === record.times.submittedMs
          ? furtherProgress(before?.progress, record.progress)
          : record.progress,
      seenSinceMs: now,
      hasMoved: before !== undefined || this.#isReady,
      unchangedSinceMs: now,
    };
    this.#entries.set(key, entry);
    this.#newestFirst = undefined;
    for (const follower of this.#followers) follower(entry);
    this.#tell(key, entry);
  }

  #remove(key: string): void {
    if (!this.#entries.delete(key)) return;
    this.#newestFirst = undefined;
    this.#tell(key, undefined);
  }

  #tell(key: string, entry: IndexEntry | undefined): void {
    for (const listener of this.#listeners.get(key) ?? []) listener(entry);
  }

  async #followEvents(): Promise<void> {
    const subscription = this.events.subscribe(operationsPrefix, { signal: this.#stop.signal });
    for await (const { subject, data } of subscription) {
      const entry = this.#entries.get(subject);
      if (entry === undefined) continue;
      try {
        const told = decodeOperationEvent(data);
        if (told === undefined) continue;
        if (isLate(told, entry)) this.#late(entry);
        entry.progress = furtherProgress(entry.progress, told.progress);
        this.#tell(subject, entry);
      } catch (error) {
        this.report(error, `reading an event of ${subject}`);
      }
    }
  }
}

/** The last event is what the bus tells whoever comes: a late one must not stay the last. */
function isLate(told: ToldOperation, { record }: IndexEntry): boolean {
  return told.attempt < record.attempt || (isTerminal(record.state) && record.materialised && !told.done);
}

export function compareNewestFirst(
  a: { key: string; record: IndexedRecord },
  b: { key: string; record: IndexedRecord },
): number {
  return compareListPositions(
    { submittedMs: a.record.times.submittedMs, key: a.key },
    { submittedMs: b.record.times.submittedMs, key: b.key },
  );
}

/** The order of lists: by time of submit, newest first, then by key. Neither changes while a request lives, so a place in a list is stable. */
export function compareListPositions(
  a: { submittedMs: number; key: string },
  b: { submittedMs: number; key: string },
): number {
  if (a.submittedMs !== b.submittedMs) return b.submittedMs - a.submittedMs;
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
}
