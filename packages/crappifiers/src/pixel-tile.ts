/** Pixels of a tile in the image's own data type. */

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

interface PixelArrayConstructor<Pixels> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): Pixels;
  new (buffer: ArrayBuffer, at: number, length: number): Pixels;
}

export const pixelArrays: { readonly [Dtype in PixelType]: PixelArrayConstructor<PixelTypes[Dtype]> } = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  float32: Float32Array,
};
