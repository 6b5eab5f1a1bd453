/** Rows of one plane of an image that is degraded as one tile, some at a time. */
import { type Rows, TileCrappifier } from "@pssr/crappifiers";
import { allocatePixels, type PixelArray, type PixelData } from "@pssr/imaging";
import { cutToScale } from "./crappify-region.js";
import type { CrappifyOrder, PixelTask } from "./pixel-tasks.js";
import type { StoredPixels } from "./stored-pixels.js";

type BandTask = Extract<PixelTask, { do: "band" }>;

export async function crappifyBand(
  image: StoredPixels,
  { start, shape, order, rowsAtOnce }: BandTask,
  { throwIfGivenUp }: { throwIfGivenUp(): void },
): Promise<PixelData> {
  const { scale } = order.crappifier.sampling;
  const tile = tileOf(image, order, throwIfGivenUp);
  const [plane, leading] = [planeNumber(image.shape, start), start.slice(0, -2)];
  const [top, height, width] = [start.at(-2)!, shape.at(-2)!, shape.at(-1)!];
  const out = allocatePixels(image.dtype, height * width);
  const bandAt = (row: number): Rows => ({ first: top + row, count: Math.min(rowsAtOnce, height - row) });
  const read = (row: number): Promise<PixelArray> | undefined => {
    if (row >= height) return undefined;
    const rows = tile.highRows(bandAt(row));
    const high = image.read({
      start: [...leading, rows.first, 0],
      shape: [...leading.map(() => 1), rows.count, width * scale],
    });
    high.catch(() => undefined); // seen when its turn comes, or not at all when the work ends before
    return high;
  };
  let next = read(0);
  for (let row = 0; next !== undefined; row += rowsAtOnce) {
    throwIfGivenUp();
    const { data } = await next;
    // On its way while this one is worked on.
    next = read(row + rowsAtOnce);
    const band = bandAt(row);
    tile.crappify(plane, band, data, out.subarray(row * width, (row + band.count) * width));
  }
  return out;
}

function tileOf(
  { shape, dtype }: StoredPixels,
  { crappifier, calibration, key }: CrappifyOrder,
  beforeStep: () => void,
) {
  const [height, width] = cutToScale(shape, crappifier.sampling.scale).slice(-2) as [number, number];
  return new TileCrappifier(crappifier, { dtype, height, width }, calibration, key, beforeStep);
}

/** The plane's place when the leading axes are counted in C order. */
function planeNumber(shape: readonly number[], start: readonly number[]): number {
  return start.slice(0, -2).reduce((number, at, axis) => number * shape[axis]! + at, 0);
}
