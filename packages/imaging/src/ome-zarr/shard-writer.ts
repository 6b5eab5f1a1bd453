/**
 * Writes the shards of a Zarr 3 array (codec `sharding_indexed`: gzipped inner chunks, then an index of their offsets and
 * lengths with its CRC-32C). Each shard is one object, so writers that know nothing of each other can fill one array.
 */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { PssrError } from "@pssr/api";
import { copyRows, createPixelArray, type PixelArray, pixelCount, type Region } from "../pixels/pixel-array.js";
import { crc32c } from "./crc32c.js";
import type { ImageDescription } from "./metadata.js";
import { gridIndices, type ShardLayout, shardLayout, shardRegion } from "./shard-layout.js";
import type { StoreKey, WritableStore } from "./store.js";

const gzipAsync = promisify(gzip);
const noChunk = 0xffffffffffffffffn;
/** Chunks compressed at the same time: as many as the thread pool of a process has threads by default. */
const chunksAtOnce = 4;

export class ShardWriter {
  readonly layout: ShardLayout;
  readonly #store: WritableStore;
  readonly #image: Pick<ImageDescription, "axes" | "shape" | "dtype">;

  /** @throws PssrError INVALID_FIELD if axes and shape do not fit */
  constructor(store: WritableStore, image: Pick<ImageDescription, "axes" | "shape" | "dtype">) {
    this.#store = store;
    this.#image = image;
    this.layout = shardLayout(image);
  }

  /** The part of the image that a shard holds. */
  regionOf(index: readonly number[]): Region {
    return shardRegion(this.layout, this.#image.shape, index);
  }

  /**
   * Writes one shard whole. The same pixels give the same bytes.
   * @param pixels exactly those of `regionOf(index)`
   * @throws PssrError SHAPE_MISMATCH if they are not; the signal's reason when it aborts
   */
  async write(
    index: readonly number[],
    pixels: PixelArray,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const region = this.regionOf(index);
    if (
      pixels.dtype !== this.#image.dtype ||
      pixels.axes !== this.#image.axes ||
      `${pixels.shape}` !== `${region.shape}`
    ) {
      throw new PssrError(
        "SHAPE_MISMATCH",
        `shard [${index.join(", ")}] takes ${this.#image.dtype} ${this.#image.axes} ${region.shape.join("×")}, not ${pixels.dtype} ${pixels.axes} ${pixels.shape.join("×")}`,
      );
    }
    const bytes = await encodeShard(pixels, this.layout, options.signal);
    options.signal?.throwIfAborted();
    await this.#store.set(shardKey(index), bytes, options);
  }
}

/** Key of a shard of the full-resolution level. */
function shardKey(index: readonly number[]): StoreKey {
  return `/0/c/${index.join("/")}`;
}

async function encodeShard(
  pixels: PixelArray,
  layout: ShardLayout,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { chunkShape, shardShape } = layout;
  const counts = shardShape.map((size, axis) => size / chunkShape[axis]!);
  const entries = new DataView(new ArrayBuffer(16 * pixelCount(counts)));
  const starts = [...gridIndices(counts)].map((chunk) => chunk.map((position, axis) => position * chunkShape[axis]!));
  const chunks = await encodeChunks(pixels, starts, chunkShape, signal);
  const parts: Uint8Array[] = [];
  let [offset, at] = [0, 0];
  for (const stored of chunks) {
    if (stored === undefined) {
      entries.setBigUint64(at, noChunk, true);
      entries.setBigUint64(at + 8, noChunk, true);
    } else {
      entries.setBigUint64(at, BigInt(offset), true);
      entries.setBigUint64(at + 8, BigInt(stored.length), true);
      parts.push(stored);
      offset += stored.length;
    }
    at += 16;
  }
  const index = new Uint8Array(entries.buffer);
  const checksum = new DataView(new ArrayBuffer(4));
  checksum.setUint32(0, crc32c(index), true);
  return new Uint8Array(Buffer.concat([...parts, index, new Uint8Array(checksum.buffer)]));
}

/** In the order of `starts`, a few at once; undefined for a chunk beyond the image. */
async function encodeChunks(
  pixels: PixelArray,
  starts: readonly (readonly number[])[],
  chunkShape: readonly number[],
  signal: AbortSignal | undefined,
): Promise<(Uint8Array | undefined)[]> {
  const chunks: (Uint8Array | undefined)[] = starts.map(() => undefined);
  const waiting = starts.entries();
  const encodeNext = async () => {
    for (const [position, start] of waiting) {
      signal?.throwIfAborted();
      if (start.some((first, axis) => first >= pixels.shape[axis]!)) continue;
      chunks[position] = await encodeChunk(pixels, start, chunkShape);
    }
  };
  await Promise.all(Array.from({ length: chunksAtOnce }, encodeNext));
  return chunks;
}

/** One inner chunk, filled up with zeros beyond the image. */
async function encodeChunk(
  pixels: PixelArray,
  start: readonly number[],
  chunkShape: readonly number[],
): Promise<Uint8Array> {
  const chunk = createPixelArray(pixels.axes, chunkShape, pixels.dtype);
  const shape = start.map((first, axis) => Math.min(chunkShape[axis]!, pixels.shape[axis]! - first));
  copyRows(
    pixels,
    start,
    chunk,
    start.map(() => 0),
    shape,
  );
  // Level 1: detector noise hardly compresses, higher levels cost time for about 3 % of the size.
  return gzipAsync(new Uint8Array(chunk.data.buffer), { level: 1 });
}
