/**
 * Opens an OME-Zarr 0.5 image and reads regions of its full-resolution level, through zarrita, which is loaded with the
 * first image: many processes that import this package read none.
 */
import { PssrError } from "@pssr/api";
import type * as zarr from "zarrita";
import {
  checkAxes,
  checkRegion,
  createPixelArray,
  type Dtype,
  type PixelArray,
  type Region,
} from "../pixels/pixel-array.js";
import type { RegionSource } from "../pixels/region-source.js";
import { crc32c } from "./crc32c.js";
import { useNodeGzip } from "./gzip-codec.js";
import { type ImageDescription, type ReadDescription, readGroupDocument } from "./metadata.js";
import type { ReadableStore } from "./store.js";

interface Abortable {
  signal?: AbortSignal | undefined;
}

/** An open image. It holds no resource; the store is the caller's. */
export interface OmeZarrImage extends RegionSource, ImageDescription {
  /**
   * The pixels of `region`. Memory: the region and the inner chunks that it touches.
   * @throws PssrError INVALID_FIELD (not within the image), OBJECT_CORRUPT; the signal's reason; what the store throws
   */
  readRegion(region: Region, options?: Abortable): Promise<PixelArray>;
}

/** @throws PssrError NOT_FOUND, OBJECT_CORRUPT, UNSUPPORTED_PIXELS; the signal's reason; what the store throws */
export async function openOmeZarr(store: ReadableStore, { signal }: Abortable = {}): Promise<OmeZarrImage> {
  const bytes = await store.get("/zarr.json", { signal });
  if (bytes === undefined)
    throw new PssrError("NOT_FOUND", "there is no OME-Zarr image here: its zarr.json is missing");
  const description = readGroupDocument(parse(bytes));
  const zarrita = await import("zarrita");
  useNodeGzip(zarrita);
  const root = zarrita.root(new CheckedStore(store, description));
  const array = await typed(zarrita, signal, () =>
    zarrita.open.v3(root.resolve(description.path), { kind: "array", ...(signal && { signal }) }),
  );
  if (!array.is("uint8") && !array.is("uint16") && !array.is("float32")) {
    throw new PssrError(
      "UNSUPPORTED_PIXELS",
      `the image holds ${array.dtype} pixels: convert it to uint8, uint16 or float32`,
    );
  }
  const { path, ours, ...about } = description;
  const shape = array.shape;
  if (shape.length !== about.axes.length)
    throw new PssrError("OBJECT_CORRUPT", "the array's shape does not fit the image's axes");
  checkAxes(about.axes, shape);
  return {
    ...about,
    shape,
    dtype: array.dtype as Dtype,
    readRegion: async (region, options = {}) => {
      checkRegion(shape, region);
      const selection = region.start.map((start, axis) => zarrita.slice(start, start + region.shape[axis]!));
      const chunk = await typed(zarrita, options.signal, () =>
        zarrita.get(array, selection, options.signal ? { signal: options.signal } : {}),
      );
      return createPixelArray(about.axes, region.shape, chunk.data);
    },
  };
}

/**
 * What zarrita leaves out: it takes a missing shard for one full of zeros, and does not check the checksum of a shard's
 * index. In images that we wrote every shard exists and every index ends with its CRC-32C.
 */
class CheckedStore implements zarr.AsyncReadable {
  readonly #store: ReadableStore;
  readonly #checked: boolean;

  constructor(store: ReadableStore, { ours }: ReadDescription) {
    this.#store = store;
    this.#checked = ours;
  }

  get(key: zarr.AbsolutePath, options?: zarr.GetOptions): Promise<Uint8Array | undefined> {
    return this.#store.get(key, options);
  }

  async getRange(
    key: zarr.AbsolutePath,
    range: zarr.RangeQuery,
    options?: zarr.GetOptions,
  ): Promise<Uint8Array | undefined> {
    const bytes = await this.#store.getRange(key, range, options);
    const length = "length" in range ? range.length : range.suffixLength;
    if (bytes === undefined && !this.#checked) return undefined;
    if (bytes === undefined || bytes.length !== length)
      throw new PssrError("OBJECT_CORRUPT", `the image's object ${key} is missing or cut off`);
    if (this.#checked && "suffixLength" in range) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (view.getUint32(length - 4, true) !== crc32c(bytes.subarray(0, length - 4))) {
        throw new PssrError("OBJECT_CORRUPT", `the index of the image's object ${key} does not match its checksum`);
      }
    }
    // zarrita's codecs view the bytes as wider numbers, which needs an aligned start.
    return bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new PssrError("OBJECT_CORRUPT", "the image's zarr.json is not valid JSON", { cause });
  }
}

/** zarrita's errors, in our words; those of the signal and the store pass unchanged. */
async function typed<T>(
  { isZarritaError }: typeof zarr,
  signal: AbortSignal | undefined,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    signal?.throwIfAborted();
    if (isZarritaError(error) || error instanceof SyntaxError) {
      throw new PssrError("OBJECT_CORRUPT", `the image cannot be read: ${error.message}`, { cause: error });
    }
    throw error;
  }
}
