/** Between pixels of an image's own data type and planes in float32, by a place in the kernels' memory. */
import { kernelMemory, kernels } from "./kernels.js";
import { type PixelType, type PixelTypes, pixelArrays } from "./pixel-tile.js";
import type { Plane } from "./plane.js";

export class PixelExchange<Dtype extends PixelType> {
  readonly #dtype: Dtype;
  readonly #at: number;

  /** Takes room for so many pixels in the kernels' memory until its next release. */
  constructor(dtype: Dtype, pixels: number) {
    this.#dtype = dtype;
    this.#at = kernelMemory.take(pixels * pixelArrays[dtype].BYTES_PER_ELEMENT);
  }

  /** The first so many pixels, to be written or read; valid until more memory is taken. */
  pixels(count: number): PixelTypes[Dtype] {
    return kernelMemory.view<PixelTypes[Dtype]>(pixelArrays[this.#dtype], this.#at, count);
  }

  toPlane(plane: Plane): void {
    const { at, pixels } = plane;
    if (this.#dtype === "uint8") kernels.fromBytes(at, this.#at, pixels);
    else if (this.#dtype === "uint16") kernels.fromShorts(at, this.#at, pixels);
    else plane.values.set(this.pixels(pixels));
    plane.byteValued = this.#dtype === "uint8";
  }

  /** Rounded half to even, as NumPy rounds, and held within the type; float32 as it is. */
  fromPlane(plane: Plane): void {
    const { at, pixels } = plane;
    if (this.#dtype === "uint8") kernels.toBytes(this.#at, at, pixels);
    else if (this.#dtype === "uint16") kernels.toShorts(this.#at, at, pixels);
    else this.pixels(pixels).set(plane.values);
  }
}
