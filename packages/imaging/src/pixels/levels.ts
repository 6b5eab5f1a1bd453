/**
 * The intensity policy: which pixel values mean "no signal" and "full signal". Never the range of the dtype: 12-bit data come
 * in uint16.
 */
import { PssrError } from "@pssr/api";
import type { PixelArray } from "./pixel-array.js";

export type LevelsSource = "METADATA" | "CALLER" | "PERCENTILE";

export interface Levels {
  /** Pixel value without signal. */
  readonly black: number;
  /** Pixel value at full signal; greater than black. */
  readonly white: number;
  /** Who said so: the file's metadata, the caller, or a measurement (0.1 % and 99.9 % percentiles). */
  readonly source: LevelsSource;
}

export interface BlackAndWhite {
  readonly black: number;
  readonly white: number;
}

/** At most this many pixels are looked at for the percentiles. */
const percentileSampleSize = 1 << 20;

/**
 * The levels of an image: the caller's word first, then the metadata's, else robust percentiles of the pixels.
 * @throws PssrError INVALID_FIELD if black or white is not finite or white is not above black
 */
export function resolveLevels(
  pixels: PixelArray,
  declared: { caller?: BlackAndWhite | undefined; metadata?: BlackAndWhite | undefined } = {},
): Levels {
  if (declared.caller !== undefined) return checkLevels({ ...pick(declared.caller), source: "CALLER" });
  if (declared.metadata !== undefined) return checkLevels({ ...pick(declared.metadata), source: "METADATA" });
  return measureLevels(pixels);
}

/**
 * @throws PssrError INVALID_FIELD if white is not above black, or their distance or one over it is no finite number (both
 * at the far ends of what a double holds, or next to each other at its very least)
 */
export function checkLevels(levels: Levels): Levels {
  const width = levels.white - levels.black;
  if (!(width > 0 && Number.isFinite(width) && Number.isFinite(1 / width))) {
    throw new PssrError("INVALID_FIELD", `black ${levels.black}, white ${levels.white}: white must be above black`, {
      field: "levels",
    });
  }
  return levels;
}

/**
 * The 0.1 % and 99.9 % percentiles (linear between ranks, as numpy's default) of an evenly spread sample of at most
 * `sampleSize` finite pixels. Where both are the same (sparse or constant images) the sample's least and greatest value
 * count; in a constant image white lies one grey level above black (float32: by the value itself, or 1 if it is zero).
 */
export function measureLevels(pixels: PixelArray, sampleSize = percentileSampleSize): Levels {
  const sample = sampleOf(pixels, sampleSize).sort();
  if (sample.length === 0) return { black: 0, white: 1, source: "PERCENTILE" };
  const [black, white] = [quantile(sample, 0.001), quantile(sample, 0.999)];
  if (white > black) return { black, white, source: "PERCENTILE" };
  const [least, greatest] = [sample[0]!, sample[sample.length - 1]!];
  if (greatest > least) return { black: least, white: greatest, source: "PERCENTILE" };
  const width = pixels.dtype === "float32" && least !== 0 ? Math.abs(least) : 1;
  return { black: least, white: least + width, source: "PERCENTILE" };
}

function pick({ black, white }: BlackAndWhite): BlackAndWhite {
  return { black, white };
}

function sampleOf(pixels: PixelArray, sampleSize: number): Float32Array {
  const { data } = pixels;
  let step = Math.max(1, Math.ceil(data.length / sampleSize));
  // A step that shares a factor with the width would see some columns only.
  while (step > 1 && greatestCommonDivisor(step, pixels.shape.at(-1)!) !== 1) step++;
  const sample = new Float32Array(Math.ceil(data.length / step));
  let count = 0;
  for (let i = 0; i < data.length; i += step) if (Number.isFinite(data[i])) sample[count++] = data[i]!;
  return sample.subarray(0, count);
}

function quantile(sorted: Float32Array, share: number): number {
  const rank = share * (sorted.length - 1);
  const below = Math.floor(rank);
  const low = sorted[below]!;
  return low + (rank - below) * ((sorted[below + 1] ?? low) - low);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
