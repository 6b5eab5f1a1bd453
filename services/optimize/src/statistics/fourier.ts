/**
 * The power spectrum of square blocks of real numbers, whose side is a power of two: Cooley and Tukey's transform, rows then
 * columns (J. W. Cooley and J. W. Tukey, Math. Comput. 19, 1965).
 */

/** Side of a block, a power of two. */
export class BlockSpectrum {
  readonly side: number;
  readonly #window: Float64Array;
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;
  readonly #real: Float64Array;
  readonly #imaginary: Float64Array;
  readonly #order: Uint16Array;

  constructor(side: number) {
    if (!(Number.isInteger(Math.log2(side)) && side >= 2 && side <= 4096)) {
      throw new RangeError(`a block of ${side} pixels a side; give a power of two from 2 to 4096`);
    }
    this.side = side;
    // Hann's, whose mean square is 3/8: edges that do not fit together would look like fine structure.
    this.#window = Float64Array.from(
      { length: side },
      (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 0.5)) / side),
    );
    this.#cosines = Float64Array.from({ length: side / 2 }, (_, n) => Math.cos((2 * Math.PI * n) / side));
    this.#sines = Float64Array.from({ length: side / 2 }, (_, n) => -Math.sin((2 * Math.PI * n) / side));
    this.#real = new Float64Array(side * side);
    this.#imaginary = new Float64Array(side * side);
    const bits = Math.log2(side);
    this.#order = Uint16Array.from({ length: side }, (_, n) => {
      let reversed = 0;
      for (let bit = 0; bit < bits; bit++) reversed |= ((n >> bit) & 1) << (bits - 1 - bit);
      return reversed;
    });
  }

  /**
   * The power at each pair of frequencies, rows first, so that white noise has its variance everywhere.
   *
   * @param plane Of rows of `width`; the block's first pixel is `start`.
   * @param mean Taken off before.
   * @returns Valid until the next call.
   */
  of(plane: Float32Array, width: number, start: number, mean: number): Float64Array {
    const { side } = this;
    const [real, imaginary] = [this.#real, this.#imaginary];
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const value = (plane[start + y * width + x]! - mean) * this.#window[y]! * this.#window[x]!;
        real[y * side + x] = value;
      }
    }
    imaginary.fill(0);
    for (let y = 0; y < side; y++) this.#transform(y * side, 1);
    for (let x = 0; x < side; x++) this.#transform(x, side);
    const whole = (3 / 8) ** 2 * side * side;
    for (let n = 0; n < real.length; n++) real[n] = (real[n]! ** 2 + imaginary[n]! ** 2) / whole;
    return real;
  }

  /** In place, of as many numbers as a side has, each `step` behind the one before. */
  #transform(start: number, step: number): void {
    const { side } = this;
    const [real, imaginary, order] = [this.#real, this.#imaginary, this.#order];
    for (let n = 0; n < side; n++) {
      const other = order[n]!;
      if (other <= n) continue;
      const [a, b] = [start + n * step, start + other * step];
      [real[a], real[b]] = [real[b]!, real[a]!];
      [imaginary[a], imaginary[b]] = [imaginary[b]!, imaginary[a]!];
    }
    for (let half = 1; half < side; half *= 2) {
      const turn = side / (2 * half);
      for (let first = 0; first < side; first += 2 * half) {
        for (let n = 0; n < half; n++) {
          const [cosine, sine] = [this.#cosines[n * turn]!, this.#sines[n * turn]!];
          const a = start + (first + n) * step;
          const b = a + half * step;
          const re = real[b]! * cosine - imaginary[b]! * sine;
          const im = real[b]! * sine + imaginary[b]! * cosine;
          real[b] = real[a]! - re;
          imaginary[b] = imaginary[a]! - im;
          real[a]! += re;
          imaginary[a]! += im;
        }
      }
    }
  }
}
