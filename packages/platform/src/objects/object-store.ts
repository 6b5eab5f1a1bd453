/**
 * The port to bulk bytes: images, weights, checkpoints. Objects are write-once: a key holds one content for as long as it
 * exists, so a reader never sees a mixture and a writer that comes too late can change nothing.
 */
import type { Abortable } from "../abortable.js";

export interface ObjectEntry {
  key: string;
  /** Bytes of content. */
  size: number;
  /** When it was written, milliseconds since 1970 by the store's clock. */
  modifiedMs: number;
}

export interface ObjectStat extends ObjectEntry {
  /** SHA-256 of the content, 64 lower-case hexadecimal digits. */
  sha256: string;
}

export interface ListObjectsOptions extends Abortable {
  /** Only keys behind this one, in byte order; it need not exist. */
  after?: string | undefined;
}

/**
 * Keys are segments of `[A-Za-z0-9._-]` (none begins with a dot, each at most 200 characters) joined by `/`, at most 800
 * characters in all; anything else is refused with INVALID_FIELD. Beside the errors named below every method may fail with
 * STORAGE_FULL or UNAVAILABLE, and rejects with the signal's reason once that is aborted.
 */
export interface ObjectStore {
  /**
   * Writes an object, whole or not at all, and durably: when the promise resolves the bytes survive a power cut. A stream is
   * taken in bounded memory. The same bytes again are fine (the object stays as it is); other bytes under an existing key
   * fail with ALREADY_EXISTS. If the body throws or the call is aborted, nothing is left that anyone sees.
   */
  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options?: Abortable): Promise<ObjectStat>;
  /**
   * The content in chunks of at most 256 KiB. Fails with NOT_FOUND at the first chunk; fails with OBJECT_CORRUPT at the
   * latest in place of the normal end when the bytes are not what was written: so act on them after the end only.
   */
  get(key: string, options?: Abortable): AsyncIterable<Uint8Array>;
  /** The whole content, checked, where it has at most `limit` bytes; LIMIT_EXCEEDED (before any allocation) otherwise. */
  getBytes(key: string, limit: number, options?: Abortable): Promise<Uint8Array>;
  /**
   * `length` bytes from `start` on, fewer only where the object ends. Not checked, as the check covers the
   * whole: formats that are read by range carry checksums of their own.
   */
  range(key: string, start: number, length: number, options?: Abortable): Promise<Uint8Array>;
  /** Undefined where there is no such object. */
  stat(key: string, options?: Abortable): Promise<ObjectStat | undefined>;
  /** Objects whose key begins with `prefix` (any string of key characters, "" for all), ascending in byte order. */
  list(prefix: string, options?: ListObjectsOptions): AsyncIterable<ObjectEntry>;
  /** Deletes an object; fine where there is none. */
  delete(key: string, options?: Abortable): Promise<void>;
  /** Deletes every object under `prefix`, which must end in `/`. Not atomic: repeat it until it resolves. */
  deletePrefix(prefix: string, options?: Abortable): Promise<void>;
}
