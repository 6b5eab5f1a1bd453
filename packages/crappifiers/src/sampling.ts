/** From the high- to the low-resolution grid: Pillow's antialiased resampling, plane by plane. */
import { Resampler } from "@pssr/imaging";
import type { PixelType, PixelTypes } from "./pixel-tile.js";
import type { Sampling } from "./spec.js";

type Pixels = PixelTypes[PixelType];

/** Writes the plane at 1/scale of its height and width. */
export type Sampler = (from: Pixels, to: Pixels) => void;

const CACHED_RESAMPLERS = 4;

/** Resamplers of the shapes used last: they hold coefficients and scratch memory. */
const resamplers = new Map<string, Resampler>();

/** For planes of that data type and shape, whose sides the scale must divide; at scale 1 they stay as they are. */
export function samplerFor(
  { scale, kernel }: Sampling,
  dtype: PixelType,
  { height, width }: { height: number; width: number },
): Sampler {
  if (scale === 1) return (from, to) => to.set(from);
  const key = `${dtype} ${height} ${width} ${scale} ${kernel}`;
  let resampler = resamplers.get(key);
  if (resampler === undefined) {
    resampler = new Resampler({ input: [height, width], output: [height / scale, width / scale], kernel, dtype });
    const [oldest] = resamplers.keys();
    if (oldest !== undefined && resamplers.size >= CACHED_RESAMPLERS) resamplers.delete(oldest);
    resamplers.set(key, resampler);
  }
  const { apply } = resampler;
  return apply.bind(resampler);
}

/** Low-resolution rows around a band that must be sampled with it: those at an edge lack pixels beyond it. */
export function sampledRowsAround({ scale, kernel }: Sampling): number {
  return kernel === "BILINEAR" && scale > 1 ? 1 : 0;
}
