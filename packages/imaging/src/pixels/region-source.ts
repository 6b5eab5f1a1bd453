/** Pixels that are read piece by piece: an image of any size, wherever it lies. */
import { copyRegion, type Dtype, type PixelArray, type Region } from "./pixel-array.js";

export interface RegionSource {
  readonly axes: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** The pixels of `region`, which lies within the image. */
  readRegion(region: Region, options: { signal?: AbortSignal | undefined }): Promise<PixelArray>;
}

/** Pixels in memory as a source. */
export function memorySource(pixels: PixelArray): RegionSource {
  const { axes, shape, dtype } = pixels;
  return { axes, shape, dtype, readRegion: async (region) => copyRegion(pixels, region) };
}
