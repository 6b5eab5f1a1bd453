/**
 * The keys of a store with their revisions, and those who watch them. Values stay where they are and are read when a
 * watcher gets to them, so memory is bounded by the number of keys, however slow a watcher is.
 */
import type { Abortable } from "../abortable.js";
import { ConflatedQueue } from "../events/conflated-queue.js";
import { SortedKeys } from "./sorted-keys.js";
import type { Revision, StateChange, StateEntry } from "./state-store.js";

/** What is present when a watch begins is read so many values at once. */
const presentBatch = 32;

export type KeyChange = { type: "put" | "delete"; key: string; revision: Revision };
type Pending = { type: "current" } | { type: "present"; keys: string[] } | KeyChange;

export class WatchedKeys {
  readonly #keys = new SortedKeys();
  readonly #watchers = new Set<{ prefix: string; queue: ConflatedQueue<string, Pending> }>();

  constructor(private readonly read: (key: string, options: Abortable) => Promise<StateEntry | undefined>) {}

  /** 0n where the key does not exist. */
  revision(key: string): Revision {
    return this.#keys.get(key);
  }

  /** Takes what the store holds now, 0n for nothing. Watchers hear of it by `tell`. */
  note(key: string, revision: Revision): void {
    if (revision === 0n) this.#keys.delete(key);
    else this.#keys.set(key, revision);
  }

  /** In the order of revisions. */
  tell(change: KeyChange): void {
    for (const { prefix, queue } of this.#watchers) {
      if (change.key.startsWith(prefix)) queue.put(`changed:${change.key}`, change, "last");
    }
  }

  /** Ends every watch with an error: changes may be missed from now on. */
  failWatches(error: unknown): void {
    for (const { queue } of [...this.#watchers]) queue.fail(error);
  }

  /** At most `limit` entries with the prefix whose keys are behind `after`, ascending. */
  async list(prefix: string, after: string, limit: number, options: Abortable): Promise<StateEntry[]> {
    const found: StateEntry[] = [];
    let last = after;
    while (found.length < limit) {
      const keys = this.#keys.slice(prefix, last, limit - found.length);
      const entries = await Promise.all(keys.map((key) => this.read(key, options)));
      found.push(...entries.filter((entry) => entry !== undefined));
      const end = keys.at(-1);
      if (end === undefined) break;
      last = end;
    }
    return found;
  }

  /** All keys with the prefix, ascending. */
  all(prefix: string): string[] {
    return this.#keys.slice(prefix, "", Number.POSITIVE_INFINITY);
  }

  /** As `StateStore.watch` promises it. */
  watch(prefix: string, { signal }: Abortable): AsyncIterable<StateChange> {
    const watcher = {
      prefix,
      queue: new ConflatedQueue<string, Pending>(signal, () => this.#watchers.delete(watcher)),
    };
    if (!(signal?.aborted ?? false)) this.#watchers.add(watcher);
    const present = this.all(prefix);
    for (let i = 0; i < present.length; i += presentBatch) {
      watcher.queue.put(`present:${i}`, { type: "present", keys: present.slice(i, i + presentBatch) });
    }
    watcher.queue.put("current", { type: "current" });
    return this.#changes(watcher.queue, signal);
  }

  async *#changes(
    queue: ConflatedQueue<string, Pending>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StateChange> {
    const presentAt = new Map<string, Revision>();
    for await (const pending of queue) {
      if (pending.type === "current") {
        yield pending;
        continue;
      }
      if (pending.type === "present") {
        for (const entry of await Promise.all(pending.keys.map((key) => this.read(key, { signal })))) {
          if (entry === undefined) continue; // deleted since the call
          presentAt.set(entry.key, entry.revision);
          yield { type: "put", ...entry };
        }
        continue;
      }
      const entry = pending.type === "delete" ? undefined : await this.read(pending.key, { signal });
      // Delivered already among what was present, or overwritten since: then its own notice waits behind us.
      const stale = pending.revision <= (presentAt.get(pending.key) ?? 0n);
      presentAt.delete(pending.key);
      if (stale) continue;
      if (pending.type === "delete") yield { type: "delete", key: pending.key, revision: pending.revision };
      else if (entry?.revision === pending.revision) yield { type: "put", ...entry };
    }
  }
}
