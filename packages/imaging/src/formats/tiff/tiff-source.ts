/** Where a TIFF file's pixels come from: whole rows of one plane at a time. */
import { type Dtype, type PixelArray, type PixelData, planeShape } from "../../pixels/pixel-array.js";
import type { RegionSource } from "../../pixels/region-source.js";

export interface TiffSource {
  readonly axes: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** `rows` whole rows from `row` on of plane number `plane`, planes counted in C order. */
  readRows(
    at: { plane: number; row: number; rows: number },
    options: { signal?: AbortSignal | undefined },
  ): PixelData | Promise<PixelData>;
}

/** Pixels in memory, or an image that is read by regions (an open OME-Zarr), as a source. */
export function tiffSource(pixels: PixelArray | RegionSource): TiffSource {
  const { axes, shape, dtype } = pixels;
  const [height, width] = planeShape(pixels);
  return {
    ...{ axes, shape, dtype },
    readRows: async ({ plane, row, rows }, options) => {
      if ("data" in pixels) {
        const start = (plane * height + row) * width;
        return pixels.data.subarray(start, start + rows * width);
      }
      const leading = indexOfPlane(shape, plane);
      const region = { start: [...leading, row, 0], shape: [...leading.map(() => 1), rows, width] };
      return (await pixels.readRegion(region, options)).data;
    },
  };
}

/** Position of plane number `plane` along each leading axis. */
function indexOfPlane(shape: readonly number[], plane: number): number[] {
  const index: number[] = [];
  for (const size of shape.slice(0, -2).toReversed()) {
    index.unshift(plane % size);
    plane = Math.floor(plane / size);
  }
  return index;
}
