/** Pixels of a tile in the image's own data type, and the way back to it from work in floating point. */

export interface PixelTypes {
  uint8: Uint8Array;
  uint16: Uint16Array;
  float32: Float32Array;
}

export type PixelType = keyof PixelTypes;

/** `frames` planes of `height` rows of `width` pixels: frame by frame, row by row, from the top left. */
export interface PixelTile<Dtype extends PixelType = PixelType> {
  data: PixelTypes[Dtype];
  dtype: Dtype;
  frames: number;
  height: number;
  width: number;
}

export const pixelArrays: { [Dtype in PixelType]: new (length: number) => PixelTypes[Dtype] } = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  float32: Float32Array,
};

const LARGEST: Record<PixelType, number> = { uint8: 255, uint16: 65535, float32: Number.POSITIVE_INFINITY };

/** Adding and subtracting this rounds a double below 2⁵¹ to a whole number, halves to the even one, as NumPy does. */
const ROUNDER = 1.5 * 2 ** 52;

/** Writes `values` to `out`: rounded half to even and clipped for whole-number types, as they are for float32. */
export function writePixels(values: Float32Array, out: PixelTypes[PixelType], dtype: PixelType): void {
  if (dtype === "float32") {
    out.set(values);
    return;
  }
  const largest = LARGEST[dtype];
  for (let n = 0; n < values.length; n++) {
    const value = Math.min(Math.max(values[n]!, 0), largest);
    out[n] = value + ROUNDER - ROUNDER;
  }
}
