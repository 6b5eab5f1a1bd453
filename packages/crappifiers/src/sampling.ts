/** From the high- to the low-resolution grid: Pillow's antialiased resampling, plane by plane. */
import { Resampler } from "@pssr/imaging";
import { type PixelTile, pixelArrays } from "./pixel-tile.js";
import type { Sampling } from "./spec.js";

const CACHED_RESAMPLERS = 4;

/** Resamplers of the shapes used last: they hold coefficients and scratch memory. */
const resamplers = new Map<string, Resampler>();

/** The tile at 1/scale of its height and width, which the scale must divide; the very same tile at scale 1. */
export function downsample(tile: PixelTile, sampling: Sampling): PixelTile {
  const { scale } = sampling;
  if (scale === 1) return tile;
  const { dtype, frames } = tile;
  const height = tile.height / scale;
  const width = tile.width / scale;
  const resampler = resamplerFor(tile, sampling);
  const data = new pixelArrays[dtype](frames * height * width);
  const from = tile.height * tile.width;
  const to = height * width;
  for (let frame = 0; frame < frames; frame++) {
    resampler.apply(tile.data.subarray(frame * from, (frame + 1) * from), data.subarray(frame * to, (frame + 1) * to));
  }
  return { data, dtype, frames, height, width };
}

function resamplerFor({ dtype, height, width }: PixelTile, { scale, kernel }: Sampling): Resampler {
  const key = `${dtype} ${height} ${width} ${scale} ${kernel}`;
  let resampler = resamplers.get(key);
  if (resampler === undefined) {
    resampler = new Resampler({ input: [height, width], output: [height / scale, width / scale], kernel, dtype });
    const [oldest] = resamplers.keys();
    if (oldest !== undefined && resamplers.size >= CACHED_RESAMPLERS) resamplers.delete(oldest);
    resamplers.set(key, resampler);
  }
  return resampler;
}
