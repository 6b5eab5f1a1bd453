/** Stores for tests: a folder of files, and one that keeps all in memory. */
import { readFile } from "node:fs/promises";
import type { ByteRange, ReadableStore, StoreKey, WritableStore } from "@pssr/imaging";

export class MemoryStore implements ReadableStore, WritableStore {
  readonly objects = new Map<string, Uint8Array>();

  async get(key: StoreKey, options: { signal?: AbortSignal | undefined } = {}): Promise<Uint8Array | undefined> {
    options.signal?.throwIfAborted();
    return this.objects.get(key);
  }

  async getRange(key: StoreKey, range: ByteRange, options: { signal?: AbortSignal | undefined } = {}) {
    return cut(await this.get(key, options), range);
  }

  async set(key: StoreKey, value: Uint8Array, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    options.signal?.throwIfAborted();
    this.objects.set(key, value);
  }
}

export class FixtureStore implements ReadableStore {
  readonly #folder: URL;

  constructor(name: string) {
    this.#folder = new URL(`../../test/fixtures/zarr/${name}/`, import.meta.url);
  }

  async get(key: StoreKey): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(new URL(`.${key}`, this.#folder)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  async getRange(key: StoreKey, range: ByteRange): Promise<Uint8Array | undefined> {
    return cut(await this.get(key), range);
  }
}

function cut(bytes: Uint8Array | undefined, range: ByteRange): Uint8Array | undefined {
  if (bytes === undefined) return undefined;
  return "suffixLength" in range
    ? bytes.subarray(Math.max(0, bytes.length - range.suffixLength))
    : bytes.subarray(range.offset, range.offset + range.length);
}
