/**
 * How an image that is degraded whole is cut into bands of rows, so that what all threads hold at a time stays within a limit.
 * A band takes the rows around it that blurs, drift and sampling reach, over the whole width.
 */
import { PssrError } from "@pssr/api";
import { type Calibration, type Crappifier, type NoiseKey, type Rows, TileCrappifier } from "@pssr/crappifiers";
import { bytesPerPixel, type Dtype, shardLayout, shardRegion } from "@pssr/imaging";
import { cutToScale, lowShape } from "../pixels/crappify-region.js";
import type { PixelDescription } from "./image-record.js";

export interface BandLimits {
  /** Threads that work on one image, at most. */
  threads: number;
  /** What they and their results may take together. */
  memoryBytes: number;
}

export interface BandCut {
  threads: number;
  /** Low-resolution rows that a thread makes at once. */
  rowsAtOnce: number;
}

/** What bands of one image are made of and with. */
export interface BandOrder {
  image: Pick<PixelDescription, "axes" | "shape" | "dtype">;
  crappifier: Crappifier;
  calibration: Calibration;
  key: NoiseKey;
}

/** High-resolution pixels that a thread works on at once where memory does not decide: they stay in a processor's caches. */
const pixelsAtOnce = 4 * 1024 * 1024;
/** Rows of a stored chunk. */
const chunkRows = 256;
/** How often what is stored is in memory while it is read: three times on its way to the thread, then decoded. */
const copiesOfChunks = 4;

/** Throws IMAGE_TOO_LARGE where the memory does not suffice for one thread and bands of one row. */
export function cutBands(order: BandOrder, { threads, memoryBytes }: BandLimits): BandCut {
  const { image, crappifier } = order;
  const low = lowShape(cutToScale(image.shape, crappifier.sampling.scale), crappifier.sampling.scale);
  const row = shardRowOf({ ...image, shape: low });
  const result = row.rows * row.width * bytesPerPixel[image.dtype];
  const band = bandNeeds(order);
  // Rows around a band are worked on for each band again: rather as many rows in it as around it.
  const { scale } = crappifier.sampling;
  const cached = Math.floor(pixelsAtOnce / (row.width * scale * scale));
  const wanted = Math.min(row.rows, Math.max(1, cached, Math.ceil((band.highRows(1) - scale) / scale)));
  // Each thread's band has its result beside it, and one more waits to be written.
  const together = Math.floor((memoryBytes - result) / (result + band.bytes(wanted)));
  if (together >= 1) return { threads: Math.min(threads, together), rowsAtOnce: wanted };
  const least = 2 * result + band.bytes(1);
  if (least > memoryBytes) throw tooLarge(order, least, memoryBytes, band.highRows(1));
  const more = Math.floor((memoryBytes - least) / (band.bytes(2) - band.bytes(1) || 1));
  return { threads: 1, rowsAtOnce: Math.min(row.rows, 1 + more) };
}

interface BandNeeds {
  /** The high-resolution rows that so many low-resolution rows are made of, at most. */
  highRows(count: number): number;
  /** What a thread takes for so many. */
  bytes(count: number): number;
}

function bandNeeds({ image, crappifier, calibration, key }: BandOrder): BandNeeds {
  const { scale } = crappifier.sampling;
  const [height, width] = cutToScale(image.shape, scale).slice(-2) as [number, number];
  const { dtype } = image;
  const tile = new TileCrappifier(crappifier, { dtype, height, width }, calibration, key);
  const perHighRow = bytesPerHighRow(crappifier, dtype, width);
  const pixel = bytesPerPixel[dtype];
  // All of a stored chunk is read and decoded of which a part lies within a band.
  const partsOfChunks = 2 * chunkRows * copiesOfChunks * width * pixel;
  // The sampling's weights along both sides, for the shapes of bands used last.
  const weightsOf = (pixels: number) => 256 * pixels;
  // In the middle no edge makes the band smaller.
  const middle = (count: number): Rows => ({
    first: Math.floor((height / scale - count) / 2),
    count: Math.min(count, height / scale),
  });
  const highRows = (count: number) => tile.highRows(middle(count)).count;
  const fixed = partsOfChunks + weightsOf(width);
  return { highRows, bytes: (count) => fixed + highRows(count) * (perHighRow + weightsOf(1)) };
}

/**
 * All that a thread holds of a row: the pixels, those of the next band while they are read; as planes of both stages with their
 * pixels and a step's scratch; and as the sampling has it on its way.
 */
function bytesPerHighRow({ optics, sampling: { scale } }: Crappifier, dtype: Dtype, width: number): number {
  const pixel = bytesPerPixel[dtype];
  const float = 4;
  const read = (2 + copiesOfChunks) * pixel;
  const finite = dtype === "float32" ? float : 0;
  const planes = optics.length === 0 ? finite : 2 * float + pixel;
  const sampled = optics.length === 0 ? pixel : float;
  const between = 8 / scale;
  const low = (3 * float + pixel) / scale ** 2;
  return Math.ceil(width * (read + planes + sampled + between + low));
}

/** Size of one row of shards. */
function shardRowOf(image: Pick<PixelDescription, "axes" | "shape" | "dtype">): { rows: number; width: number } {
  const first = image.shape.map(() => 0);
  const { shape } = shardRegion(shardLayout(image), image.shape, first);
  return { rows: shape.at(-2)!, width: image.shape.at(-1)! };
}

function tooLarge({ image, crappifier }: BandOrder, needed: number, limit: number, rows: number): PssrError {
  const width = image.shape.at(-1)!;
  const { scale } = crappifier.sampling;
  const fitting = Math.floor((width * limit) / needed);
  const isWide = rows > 3 * scale;
  const reach = isWide ? `${rows} rows at once, which its blurs and drift reach` : `${rows} rows at once`;
  const advice = [isWide && "use less blur", scale > 1 && "use a smaller scale"].filter(Boolean).join(" or ");
  return new PssrError(
    "IMAGE_TOO_LARGE",
    `image: rows of ${width} pixels are too wide to be degraded, ${reach}: that takes ${mebibytes(needed)} MiB of memory, ${mebibytes(limit)} MiB are allowed; ${advice && `${advice}, `}cut the image to about ${fitting} pixels across, or have PSSR_CRAPPIFY_IMAGE_MEMORY raised`,
    { field: "image", metadata: { needed_bytes: String(needed), allowed_bytes: String(limit) } },
  );
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
