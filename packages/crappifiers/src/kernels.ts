/**
 * The loops over pixels, in WebAssembly (their source is the folder `kernels` beside this one): the same bytes on every
 * machine and engine, four pixels at a time where vectors do it. Each thread has one module with one memory.
 */
import { alignKernelPlace, type KernelModule, openKernels, reachTo } from "@pssr/imaging";

/** Places in the memory are bytes; a `count` is of pixels. */
interface Exports extends KernelModule {
  exp(x: number): number;
  log(x: number): number;
  /** All noise from now on is that of the generator's key of four words, for pixels (or rows) with numbers from `first` on. */
  useKey(word0: number, word1: number, word2: number, word3: number, first: number): void;
  /** The generator's words themselves, four a block; there must be room for a multiple of eight blocks. */
  fillBlocks(out: number, blocks: number, c0: number, c1: number, c2: number, c3: number): void;
  /** Standard normal numbers, in float64. */
  normals(out: number, count: number): void;
  addNormal(values: number, count: number, offset: number, deviation: number): void;
  /**
   * value ← black + offset + kept + gain · photons, Poisson-distributed with the mean (value − black) / unit, none below black;
   * of value − black are kept the share `keep` above black and `below` below it.
   */
  blendPoisson(
    values: number,
    count: number,
    black: number,
    unit: number,
    keep: number,
    below: number,
    offset: number,
    gain: number,
    /** Whether every mean is a whole number below 512. */
    whole: boolean,
  ): void;
  /** A byte becomes a Poisson number with itself as the mean, at most 255: with the words of `blendPoisson`. */
  countPhotons(bytes: number, count: number): void;
  /** To be called once, before `blendPoisson` and `countPhotons`. */
  buildPoissonTable(): void;
  /** value ← value + deviation · (value − black) · normal number */
  multiplyNormal(values: number, count: number, black: number, deviation: number): void;
  /** A pixel becomes `first` where its word is below `firstBelow`, else `second` where below `secondBelow` (to 2³²). */
  replacePixels(
    values: number,
    count: number,
    firstBelow: number,
    first: number,
    secondBelow: number,
    second: number,
  ): void;
  /** value ← black + range · (gain · x^gamma + offset), x = (value − black) / range */
  applyGamma(
    values: number,
    count: number,
    black: number,
    range: number,
    gamma: number,
    gain: number,
    offset: number,
  ): void;
  /** value ← the nearest of black + n · step */
  quantise(values: number, count: number, black: number, step: number): void;
  /** Gaussian, with the edge's pixels going on beyond it; `scratch` has room for a plane. */
  blurPlane(values: number, scratch: number, height: number, width: number, sigma: number): void;
  /** Adds to each row its own number (float64). */
  addToRows(values: number, height: number, width: number, numbers: number): void;
  /** To `out` what each row sees that is displaced by its own (down, right), float64 each, in a frame of so many rows. */
  displaceRows(
    out: number,
    values: number,
    height: number,
    width: number,
    down: number,
    right: number,
    firstRow: number,
    frameHeight: number,
  ): void;
  /** Each block of size × size pixels takes its mean; the plane's first row is number `firstRow`. */
  binPixels(values: number, height: number, width: number, size: number, firstRow: number): void;
  clip(values: number, count: number, low: number, high: number): void;
  fromBytes(values: number, pixels: number, count: number): void;
  fromShorts(values: number, pixels: number, count: number): void;
  toBytes(pixels: number, values: number, count: number): void;
  toShorts(pixels: number, values: number, count: number): void;
}

export const kernels = openKernels<Exports>(new URL("./kernels.wasm", import.meta.url));
kernels.buildPoissonTable();

/** Gives out parts of the kernels' memory, which grows to the largest that was ever needed together. */
class KernelMemory {
  readonly #floor = alignKernelPlace(kernels.firstFreeByte());
  #top = this.#floor;

  /** So many bytes until the next `release`. */
  take(bytes: number): number {
    const at = this.#top;
    this.#top = alignKernelPlace(at + bytes);
    reachTo(kernels, this.#top);
    return at;
  }

  /** So many bytes for the time of `work`. */
  lend<Result>(bytes: number, work: (at: number) => Result): Result {
    const top = this.#top;
    try {
      return work(this.take(bytes));
    } finally {
      this.#top = top;
    }
  }

  /** Copies bytes within the memory. */
  copy(to: number, from: number, bytes: number): void {
    new Uint8Array(kernels.memory.buffer).copyWithin(to, from, from + bytes);
  }

  /** All that was taken is free again. */
  release(): void {
    this.#top = this.#floor;
  }

  /** A view of the memory, valid until more is taken. */
  view<View extends ArrayBufferView>(
    type: new (buffer: ArrayBuffer, at: number, length: number) => View,
    at: number,
    length: number,
  ): View {
    return new type(kernels.memory.buffer, at, length);
  }
}

export const kernelMemory = new KernelMemory();
