/**
 * The one affine map between an image's pixel values and what a network sees: levels to levels, not clipped; and the way back
 * into pixels of any type.
 */
import type { BlackAndWhite } from "./levels.js";
import { dtypeOf, maximumOf, type PixelData } from "./pixel-array.js";

/** x ↦ gain·x + offset. */
export interface IntensityMap {
  readonly gain: number;
  readonly offset: number;
}

/** Takes the levels `from` to the levels `to`; exchange the two for the way back. */
export function intensityMap(from: BlackAndWhite, to: BlackAndWhite): IntensityMap {
  const gain = (to.white - to.black) / (from.white - from.black);
  return { gain, offset: to.black - gain * from.black };
}

/** Writes the mapped values to `output`, which is as long as `values`. */
export function mapValues(values: PixelData, { gain, offset }: IntensityMap, output: Float32Array): void {
  for (let i = 0; i < values.length; i++) output[i] = gain * values[i]! + offset;
}

/**
 * Writes the mapped values to `output`, which is as long as `values`: as they are in float32, else rounded to the nearest
 * whole number (halves up) and clipped to the type's range; not-a-number becomes 0.
 * @returns the number of clipped pixels
 */
export function mapToPixels(values: Float32Array, map: IntensityMap, output: PixelData): number {
  if (output instanceof Float32Array) {
    mapValues(values, map, output);
    return 0;
  }
  const { gain, offset } = map;
  const maximum = maximumOf(dtypeOf(output))!;
  let clipped = 0;
  for (let i = 0; i < values.length; i++) {
    // Half a step up, then the store cuts the fraction off: rounded, halves up.
    const value = gain * values[i]! + offset + 0.5;
    if (value >= 0 && value < maximum + 1) {
      output[i] = value;
    } else {
      output[i] = value > maximum ? maximum : 0;
      clipped++;
    }
  }
  return clipped;
}
