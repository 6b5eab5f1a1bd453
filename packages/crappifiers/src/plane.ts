/** One frame of a tile under work: `height` rows of `width` grey values in float32, in the kernels' memory. */
import { kernelMemory } from "./kernels.js";

export class Plane {
  readonly height: number;
  readonly width: number;
  /** Where the values begin in the kernels' memory. */
  readonly at: number;
  /** Whether every value is one of the whole numbers 0 to 255, as in an 8-bit image that no step has changed. */
  byteValued = false;

  /** Takes room in the kernels' memory until its next release. */
  constructor(height: number, width: number) {
    this.height = height;
    this.width = width;
    this.at = kernelMemory.take(4 * height * width);
  }

  get pixels(): number {
    return this.height * this.width;
  }

  /** The values themselves; valid until more memory is taken. */
  get values(): Float32Array {
    return kernelMemory.view(Float32Array, this.at, this.pixels);
  }
}
