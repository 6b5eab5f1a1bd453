/** Changes the type of pixels and keeps their values: rounds to the nearest, clips to the range, counts what was clipped. */
import { allocatePixels, type Dtype, maximumOf, type PixelArray, type PixelData } from "./pixel-array.js";

export interface Converted {
  readonly pixels: PixelArray;
  /** Pixels whose value lay outside the new type's range (after rounding), or was not a number. */
  readonly clipped: number;
}

/** Values are not rescaled: a uint16 pixel of 4095 becomes 255 in uint8, and counts as clipped. */
export function convertDtype(pixels: PixelArray, dtype: Dtype): Converted {
  if (dtype === pixels.dtype) return { pixels, clipped: 0 };
  const data = allocatePixels(dtype, pixels.data.length);
  const clipped = storeRounded(pixels.data, data, 1, 0);
  return { pixels: { axes: pixels.axes, shape: pixels.shape, dtype, data }, clipped };
}

/**
 * Stores gain·value + offset in `output`: as it is in float32, else rounded to the nearest whole number (halves up) and
 * clipped to the type's range; not-a-number becomes 0.
 * @returns the number of clipped pixels
 */
export function storeRounded(values: PixelData, output: PixelData, gain: number, offset: number): number {
  const maximum =
    output instanceof Float32Array ? undefined : maximumOf(output instanceof Uint8Array ? "uint8" : "uint16");
  if (maximum === undefined) {
    for (let i = 0; i < values.length; i++) output[i] = values[i]! * gain + offset;
    return 0;
  }
  let clipped = 0;
  for (let i = 0; i < values.length; i++) {
    const rounded = Math.floor(values[i]! * gain + offset + 0.5);
    if (rounded >= 0 && rounded <= maximum) {
      output[i] = rounded;
    } else {
      clipped++;
      output[i] = rounded > maximum ? maximum : 0;
    }
  }
  return clipped;
}
