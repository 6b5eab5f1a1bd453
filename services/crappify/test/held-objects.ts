/** An object store whose reads of parts can be made to wait, for tests of what goes on meanwhile. */
import { once } from "node:events";
import type { Abortable, ListObjectsOptions, ObjectEntry, ObjectStat, ObjectStore } from "@pssr/platform";

export class HeldObjects implements ObjectStore {
  /** Keys of what was written, each as often as it was. */
  readonly written: string[] = [];
  #held = "none";
  #reached: () => void = () => undefined;
  #release = new AbortController();

  constructor(private readonly store: ObjectStore) {}

  /** From now on reads of parts below the prefix wait for `release`; resolves when the first of them has come. */
  hold(prefix: string): Promise<void> {
    this.#held = prefix;
    return new Promise((resolve) => {
      this.#reached = resolve;
    });
  }

  release(): void {
    this.#held = "none";
    this.#release.abort();
    this.#release = new AbortController();
  }

  async range(key: string, start: number, length: number, options: Abortable = {}): Promise<Uint8Array> {
    if (key.startsWith(this.#held)) {
      const released = once(this.#release.signal, "abort", { signal: options.signal });
      this.#reached();
      await released;
    }
    return this.store.range(key, start, length, options);
  }

  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options?: Abortable): Promise<ObjectStat> {
    this.written.push(key);
    return this.store.put(key, body, options);
  }

  get(key: string, options?: Abortable): AsyncIterable<Uint8Array> {
    return this.store.get(key, options);
  }

  getBytes(key: string, limit: number, options?: Abortable): Promise<Uint8Array> {
    return this.store.getBytes(key, limit, options);
  }

  stat(key: string, options?: Abortable): Promise<ObjectStat | undefined> {
    return this.store.stat(key, options);
  }

  list(prefix: string, options?: ListObjectsOptions): AsyncIterable<ObjectEntry> {
    return this.store.list(prefix, options);
  }

  delete(key: string, options?: Abortable): Promise<void> {
    return this.store.delete(key, options);
  }

  deletePrefix(prefix: string, options?: Abortable): Promise<void> {
    return this.store.deletePrefix(prefix, options);
  }
}
