/** Where an OME-Zarr lies: zarrita's store, with signals. Keys begin with "/" and are relative to the image's root. */

export type StoreKey = `/${string}`;
export type ByteRange = { offset: number; length: number } | { suffixLength: number };

interface Abortable {
  signal?: AbortSignal | undefined;
}

export interface ReadableStore {
  /** The whole object; undefined if there is none. */
  get(key: StoreKey, options?: Abortable): Promise<Uint8Array | undefined>;
  /** Part of an object; undefined if there is none. */
  getRange(key: StoreKey, range: ByteRange, options?: Abortable): Promise<Uint8Array | undefined>;
}

export interface WritableStore {
  set(key: StoreKey, value: Uint8Array, options?: Abortable): Promise<void>;
}
