/** Decoded squares of images, kept up to a number of bytes: what was used last stays longest. */
import { bytesPerPixel, copyRows, createPixelArray, type PixelArray, type Region } from "@pssr/imaging";
import { within } from "@pssr/platform";
import type { StoredPixels } from "./stored-pixels.js";

/** Side of a square: that of the stored chunks, so that each is decoded once. */
const side = 256;

export class ChunkCache {
  readonly #limitBytes: number;
  readonly #squares = new Map<string, PixelArray>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /**
   * A region, put together of cached squares. Given up, it ends at once; what is on its way then is cached for others.
   */
  async read(image: StoredPixels, region: Region, { signal }: { signal: AbortSignal }): Promise<PixelArray> {
    const { axes, shape, dtype } = image;
    const result = createPixelArray(axes, region.shape, dtype);
    for (const box of squaresOf(region, shape)) {
      const key = `${image.location} ${box.start.join()}`;
      const square = this.#cached(key) ?? (await within(this.#fetch(image, box, key), { signal }));
      const start = box.start.map((first, axis) => Math.max(first, region.start[axis]!));
      const end = box.start.map((first, axis) =>
        Math.min(first + box.shape[axis]!, region.start[axis]! + region.shape[axis]!),
      );
      copyRows(
        square,
        start.map((first, axis) => first - box.start[axis]!),
        result,
        start.map((first, axis) => first - region.start[axis]!),
        end.map((last, axis) => last - start[axis]!),
      );
    }
    return result;
  }

  #cached(key: string): PixelArray | undefined {
    const square = this.#squares.get(key);
    if (square === undefined) return undefined;
    this.#squares.delete(key);
    this.#squares.set(key, square);
    return square;
  }

  async #fetch(image: StoredPixels, box: Region, key: string): Promise<PixelArray> {
    const square = await image.read(box);
    if (!this.#squares.has(key)) this.#bytes += bytesOf(square);
    this.#squares.set(key, square);
    for (const [oldest, { data }] of this.#squares) {
      if (this.#bytes <= this.#limitBytes) break;
      this.#squares.delete(oldest);
      this.#bytes -= data.byteLength;
    }
    return square;
  }
}

function bytesOf({ data, dtype }: PixelArray): number {
  return data.length * bytesPerPixel[dtype];
}

/** The squares of one plane each that a region touches, cut at the image's edges. */
function* squaresOf(region: Region, shape: readonly number[]): Iterable<Region> {
  const last = shape.length - 1;
  const step = shape.map((_, axis) => (axis < last - 1 ? 1 : side));
  const first = region.start.map((start, axis) => start - (start % step[axis]!));
  const end = region.start.map((start, axis) => start + region.shape[axis]!);
  const at = [...first];
  for (;;) {
    yield { start: [...at], shape: at.map((start, axis) => Math.min(step[axis]!, shape[axis]! - start)) };
    let axis = last;
    while (axis >= 0) {
      at[axis]! += step[axis]!;
      if (at[axis]! < end[axis]!) break;
      at[axis] = first[axis]!;
      axis--;
    }
    if (axis < 0) return;
  }
}
