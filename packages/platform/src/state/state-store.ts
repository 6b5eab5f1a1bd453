/**
 * The port to small records with optimistic locking. A write names the revision it read; a stale one fails with
 * REVISION_CONFLICT, so of two writers who read the same revision exactly one wins.
 */
import type { Abortable } from "../abortable.js";

/** Rises with every write to the store, over all keys and across restarts. 0n stands for "does not exist". */
export type Revision = bigint;

export const maximumValueBytes = 64 * 1024;

export interface StateEntry {
  key: string;
  value: Uint8Array;
  revision: Revision;
}

export type StateChange =
  | ({ type: "put" } & StateEntry)
  | { type: "delete"; key: string; revision: Revision }
  /** Everything that existed when the watch began has been delivered; what follows are changes. Comes exactly once. */
  | { type: "current" };

export interface ListStateOptions extends Abortable {
  /** Only keys behind this one, in byte order; it need not exist. */
  after?: string | undefined;
  /** At most so many entries, 1 to 1000. */
  limit: number;
}

/**
 * Keys are segments of `[a-z0-9._-]` (none begins or ends with a dot, each at most 200 characters) joined by `/`, at most 400
 * characters in all; a prefix is "" or whole segments ending in `/`. Anything else is refused with INVALID_FIELD. Every
 * method may also fail with STORAGE_FULL or UNAVAILABLE, and rejects with the signal's reason once that is aborted; a write
 * given up that way may have happened or not.
 */
export interface StateStore {
  get(key: string, options?: Abortable): Promise<StateEntry | undefined>;
  /**
   * Writes durably and atomically where the key stands at `revision` (0n: where it does not exist) and resolves with the new
   * revision; REVISION_CONFLICT otherwise. More than 64 KiB fail with LIMIT_EXCEEDED.
   */
  put(key: string, value: Uint8Array, revision: Revision, options?: Abortable): Promise<Revision>;
  /** Deletes where the key stands at `revision`; REVISION_CONFLICT otherwise. */
  delete(key: string, revision: Revision, options?: Abortable): Promise<void>;
  /** Entries whose key begins with `prefix`, ascending in byte order. */
  list(prefix: string, options: ListStateOptions): Promise<StateEntry[]>;
  /**
   * Present entries first (ascending by key), then `current`, then changes in the order of their revisions, until aborted. The watch
   * begins with the call, not with the first read. A slow reader may miss values of a key that were overwritten meanwhile,
   * never the last one; memory is bounded by the number of keys.
   */
  watch(prefix: string, options?: Abortable): AsyncIterable<StateChange>;
}
