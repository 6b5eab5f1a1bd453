/**
 * A frame of a tile under work, or a band of its rows: `height` rows of `width` grey values in float32, in the kernels'
 * memory. Those of an 8-bit image stay bytes until a step asks for them in float32.
 */
import { kernelMemory, kernels } from "./kernels.js";

/** Some rows of a frame that follow each other. */
export interface Rows {
  first: number;
  count: number;
}

export class Plane {
  readonly height: number;
  readonly width: number;
  /** Number of the band's first row in the whole frame. */
  readonly firstRow: number;
  /** Rows of the whole frame. */
  readonly frameHeight: number;
  readonly #at: number;
  #bytesAt: number | undefined;

  /** Takes room in the kernels' memory until its next release. */
  constructor({ first, count }: Rows, width: number, frameHeight: number) {
    this.height = count;
    this.width = width;
    this.firstRow = first;
    this.frameHeight = frameHeight;
    this.#at = kernelMemory.take(4 * count * width);
  }

  /** Where the values begin in the kernels' memory, in float32: from now on they are nothing else. */
  get at(): number {
    if (this.#bytesAt !== undefined) kernels.fromBytes(this.#at, this.#bytesAt, this.pixels);
    this.#bytesAt = undefined;
    return this.#at;
  }

  /** Where they begin as bytes; undefined: they are in float32. */
  get bytesAt(): number | undefined {
    return this.#bytesAt;
  }

  /** From now on the values are the bytes at that place. */
  holdBytes(at: number): void {
    this.#bytesAt = at;
  }

  get pixels(): number {
    return this.height * this.width;
  }

  /** The values themselves; valid until more memory is taken. */
  get values(): Float32Array {
    return kernelMemory.view(Float32Array, this.at, this.pixels);
  }
}
