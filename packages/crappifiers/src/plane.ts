/**
 * A frame of a tile under work, or a band of its rows: `height` rows of `width` grey values in float32, in the kernels'
 * memory.
 */
import { kernelMemory } from "./kernels.js";

/** Some rows of a frame that follow each other. */
export interface Rows {
  first: number;
  count: number;
}

export class Plane {
  readonly height: number;
  readonly width: number;
  /** Where the values begin in the kernels' memory. */
  readonly at: number;
  /** Whether every value is one of the whole numbers 0 to 255, as in an 8-bit image that no step has changed. */
  byteValued = false;

  /** Number of the band's first row in the whole frame. */
  readonly firstRow: number;
  /** Rows of the whole frame. */
  readonly frameHeight: number;

  /** Takes room in the kernels' memory until its next release. */
  constructor({ first, count }: Rows, width: number, frameHeight: number) {
    this.height = count;
    this.width = width;
    this.firstRow = first;
    this.frameHeight = frameHeight;
    this.at = kernelMemory.take(4 * count * width);
  }

  get pixels(): number {
    return this.height * this.width;
  }

  /** The values themselves; valid until more memory is taken. */
  get values(): Float32Array {
    return kernelMemory.view(Float32Array, this.at, this.pixels);
  }
}
