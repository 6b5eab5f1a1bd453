/** A tile's pixels on their way into the network and out of it again. */
import { PssrError } from "@pssr/api";
import { type IntensityMap, mapToPixels, mapValues, type PixelData } from "@pssr/imaging";
import type { Tile } from "../tiling/tiles.js";

/** Part of one plane of the input image, C order. */
export interface PlaneWindow {
  readonly data: PixelData;
  /** Its first pixel within the plane. */
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The tile's input, [input height, input width], in network units. Where the tile reaches beyond the window, which it does
 * only at the image's lower and right edge, the last row and column are repeated.
 */
export function cutTile(window: PlaneWindow, tile: Tile, map: IntensityMap): Float32Array {
  const { y, x } = tile;
  const result = new Float32Array(y.input.size * x.input.size);
  const left = x.input.start - window.x;
  const inside = Math.min(x.input.size, window.width - left);
  for (let row = 0, to = 0; row < y.input.size; row++, to += x.input.size) {
    const sourceRow = Math.min(y.input.start - window.y + row, window.height - 1);
    const from = sourceRow * window.width + left;
    mapValues(window.data.subarray(from, from + inside), map, result.subarray(to, to + inside));
    result.fill(result[to + inside - 1]!, to + inside, to + x.input.size);
  }
  return result;
}

/** One plane of a region: pixels in C order, from `offset` on in `data`. */
export interface RegionPlane {
  readonly data: PixelData;
  readonly offset: number;
  readonly width: number;
}

/**
 * Puts the pixels to keep of a network's output, [input height · scale, input width · scale] in network units, to their place
 * in the region. Whole-number types are rounded, then clipped to their range.
 * @returns how many pixels were clipped
 * @throws INVALID_MODEL when a value is not finite
 */
export function pasteTile(
  output: Float32Array,
  tile: Tile,
  scale: number,
  map: IntensityMap,
  plane: RegionPlane,
): number {
  const { y, x } = tile;
  const outputWidth = x.input.size * scale;
  const { data } = plane;
  let clipped = 0;
  for (let row = 0; row < y.keep.size; row++) {
    const from = (y.keep.start + row) * outputWidth + x.keep.start;
    const to = plane.offset + (y.target + row) * plane.width + x.target;
    const values = output.subarray(from, from + x.keep.size);
    checkFinite(values);
    clipped += mapToPixels(values, map, data.subarray(to, to + x.keep.size));
  }
  return clipped;
}

function checkFinite(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) throw notFinite(values[i]!);
}

function notFinite(value: number): PssrError {
  return new PssrError(
    "INVALID_MODEL",
    `the network made the value ${value}, which is no pixel: use another version of the model, or train it again`,
    { field: "prediction.model_version" },
  );
}
