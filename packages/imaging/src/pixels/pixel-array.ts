/**
 * Pixels in memory: an n-dimensional array with named axes, in C order (the last axis runs fastest).
 *
 *     const plane = createPixelArray("yx", [480, 640], new Uint8Array(480 * 640));
 */
import { PssrError } from "@pssr/api";

export type Dtype = "uint8" | "uint16" | "float32";
export type PixelData = Uint8Array | Uint16Array | Float32Array;

export interface PixelArray {
  /** One letter per dimension, slowest first: a subset of "tczyx" in that order that ends with "yx". */
  readonly axes: string;
  /** Size along each axis in pixels, all at least 1. */
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** The values, product(shape) of them. */
  readonly data: PixelData;
}

/** A box within an image: first pixel and size along each axis. */
export interface Region {
  readonly start: readonly number[];
  readonly shape: readonly number[];
}

export const bytesPerPixel: Readonly<Record<Dtype, number>> = { uint8: 1, uint16: 2, float32: 4 };

/** Largest value of an integer dtype; undefined for float32, whose values have no bounds. */
export function maximumOf(dtype: Dtype): number | undefined {
  return dtype === "uint8" ? 255 : dtype === "uint16" ? 65535 : undefined;
}

/** Number of pixels of a shape. */
export function pixelCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function allocatePixels(dtype: Dtype, length: number): PixelData {
  return dtype === "uint8"
    ? new Uint8Array(length)
    : dtype === "uint16"
      ? new Uint16Array(length)
      : new Float32Array(length);
}

/**
 * Wraps `data` (not copied) as pixels; without data, all are zero, of `dtype`.
 * @throws PssrError INVALID_FIELD if the axes are none of ours, or shape or length do not fit
 */
export function createPixelArray(axes: string, shape: readonly number[], pixels: PixelData | Dtype): PixelArray {
  checkAxes(axes, shape);
  const length = pixelCount(shape);
  const data = typeof pixels === "string" ? allocatePixels(pixels, length) : pixels;
  if (data.length !== length) {
    throw new PssrError(
      "INVALID_FIELD",
      `${data.length} pixels given for the shape ${shape.join("×")}: give ${length}`,
    );
  }
  return { axes, shape: [...shape], dtype: dtypeOf(data), data };
}

export function dtypeOf(data: PixelData): Dtype {
  return data instanceof Uint8Array ? "uint8" : data instanceof Uint16Array ? "uint16" : "float32";
}

/** @throws PssrError INVALID_FIELD unless `axes` is a subset of "tczyx" in order, ending with "yx", that fits `shape` */
export function checkAxes(axes: string, shape: readonly number[]): void {
  if (!/^t?c?z?yx$/.test(axes)) {
    throw new PssrError("INVALID_FIELD", `axes "${axes}": use a subset of "tczyx" in that order that ends with "yx"`);
  }
  if (shape.length !== axes.length || shape.some((size) => !Number.isSafeInteger(size) || size < 1)) {
    throw new PssrError(
      "INVALID_FIELD",
      `shape [${shape.join(", ")}] does not fit the axes "${axes}": give ${axes.length} whole numbers of at least 1`,
    );
  }
}

/** @throws PssrError INVALID_FIELD unless `region` lies within an image of `shape` */
export function checkRegion(shape: readonly number[], region: Region): void {
  const fits =
    region.start.length === shape.length &&
    region.shape.length === shape.length &&
    shape.every((size, axis) => {
      const [start, length] = [region.start[axis]!, region.shape[axis]!];
      return (
        Number.isSafeInteger(start) &&
        Number.isSafeInteger(length) &&
        start >= 0 &&
        length >= 1 &&
        start + length <= size
      );
    });
  if (!fits) {
    throw new PssrError(
      "INVALID_FIELD",
      `region start [${region.start.join(", ")}], shape [${region.shape.join(", ")}] is not within the image of shape [${shape.join(", ")}]`,
      { field: "region" },
    );
  }
}

/**
 * Copies `region` out of an array of the same axes.
 * @throws PssrError INVALID_FIELD if the region is not within the pixels
 */
export function copyRegion(pixels: PixelArray, region: Region): PixelArray {
  checkRegion(pixels.shape, region);
  const result = createPixelArray(pixels.axes, region.shape, pixels.dtype);
  copyRows(
    pixels,
    region.start,
    result,
    region.shape.map(() => 0),
    region.shape,
  );
  return result;
}

/**
 * Copies the box of `shape` at `from` in `source` to `to` in `target`, row by row. Both have the same axes and dtype.
 * @throws PssrError INVALID_FIELD if either box is not within its array
 */
export function copyRows(
  source: PixelArray,
  from: readonly number[],
  target: PixelArray,
  to: readonly number[],
  shape: readonly number[],
): void {
  checkRegion(source.shape, { start: from, shape });
  checkRegion(target.shape, { start: to, shape });
  const last = shape.length - 1;
  const row = shape[last]!;
  const index = shape.map(() => 0);
  for (;;) {
    const at = offsetOf(source.shape, from, index);
    target.data.set(source.data.subarray(at, at + row), offsetOf(target.shape, to, index));
    let axis = last - 1;
    while (axis >= 0 && ++index[axis]! === shape[axis]) index[axis--] = 0;
    if (axis < 0) return;
  }
}

/** Plane number `index`, counting through all leading axes in C order, as a "yx" view of the same memory. */
export function planeOf(pixels: PixelArray, index: number): PixelArray {
  const [height, width] = planeShape(pixels);
  const size = height * width;
  if (!Number.isInteger(index) || index < 0 || index >= planeCount(pixels)) {
    throw new PssrError("INVALID_FIELD", `plane ${index} does not exist: the image has ${planeCount(pixels)}`);
  }
  const data = pixels.data.subarray(index * size, (index + 1) * size);
  return { axes: "yx", shape: [height, width], dtype: pixels.dtype, data };
}

/** Height and width of each plane. */
export function planeShape(pixels: { readonly shape: readonly number[] }): [height: number, width: number] {
  return [pixels.shape.at(-2)!, pixels.shape.at(-1)!];
}

/** Number of planes: the product of all sizes but y and x. */
export function planeCount(pixels: { readonly shape: readonly number[] }): number {
  return pixelCount(pixels.shape.slice(0, -2));
}

function offsetOf(shape: readonly number[], start: readonly number[], index: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) offset = offset * shape[axis]! + start[axis]! + index[axis]!;
  return offset;
}
