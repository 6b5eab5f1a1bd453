/** Rows of one plane of an image that is degraded as one tile, some at a time. */
import { TileCrappifier } from "@pssr/crappifiers";
import { allocatePixels, type PixelData } from "@pssr/imaging";
import { cutToScale } from "./crappify-region.js";
import type { CrappifyOrder, PixelTask } from "./pixel-tasks.js";
import type { StoredPixels } from "./stored-pixels.js";

/** High-resolution pixels that are read at once: few enough to bound memory, many enough that rows around them cost little. */
const pixelsAtOnce = 4 * 1024 * 1024;

type BandTask = Extract<PixelTask, { do: "band" }>;

export async function crappifyBand(
  image: StoredPixels,
  { start, shape, order }: BandTask,
  { signal }: { signal: AbortSignal },
): Promise<PixelData> {
  const { scale } = order.crappifier.sampling;
  const tile = tileOf(image, order);
  const [plane, leading] = [planeNumber(image.shape, start), start.slice(0, -2)];
  const [top, height, width] = [start.at(-2)!, shape.at(-2)!, shape.at(-1)!];
  const out = allocatePixels(image.dtype, height * width);
  const rowsAtOnce = Math.max(1, Math.floor(pixelsAtOnce / (width * scale * scale)));
  for (let row = 0; row < height; row += rowsAtOnce) {
    signal.throwIfAborted();
    const band = { first: top + row, count: Math.min(rowsAtOnce, height - row) };
    const rows = tile.highRows(band);
    const high = await image.read({
      start: [...leading, rows.first, 0],
      shape: [...leading.map(() => 1), rows.count, width * scale],
    });
    tile.crappify(plane, band, high.data, out.subarray(row * width, (row + band.count) * width));
  }
  return out;
}

function tileOf({ shape, dtype }: StoredPixels, { crappifier, calibration, key }: CrappifyOrder) {
  const [height, width] = cutToScale(shape, crappifier.sampling.scale).slice(-2) as [number, number];
  return new TileCrappifier(crappifier, { dtype, height, width }, calibration, key);
}

/** The plane's place when the leading axes are counted in C order. */
function planeNumber(shape: readonly number[], start: readonly number[]): number {
  return start.slice(0, -2).reduce((number, at, axis) => number * shape[axis]! + at, 0);
}
