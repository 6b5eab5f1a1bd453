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
    const { pixels } = plane;
    if (this.#dtype === "uint8") plane.holdBytes(this.#at);
    else if (this.#dtype === "uint16") kernels.fromShorts(plane.at, this.#at, pixels);
    else plane.values.set(this.pixels(pixels));
  }

  /**
   * The plane's pixels: rounded half to even, as NumPy rounds, and held within the type; float32 as it is. Valid until more
   * memory is taken.
   */
  fromPlane(plane: Plane): PixelTypes[Dtype] {
    const { pixels, bytesAt } = plane;
    if (bytesAt !== undefined) return kernelMemory.view<PixelTypes[Dtype]>(pixelArrays[this.#dtype], bytesAt, pixels);
    if (this.#dtype === "uint8") kernels.toBytes(this.#at, plane.at, pixels);
    else if (this.#dtype === "uint16") kernels.toShorts(this.#at, plane.at, pixels);
    else this.pixels(pixels).set(plane.values);
    return this.pixels(pixels);
  }
}
