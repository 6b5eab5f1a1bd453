/**
 * Poisson numbers for the few means of an 8-bit image: one word and about one comparison a pixel, by inversion of the
 * distribution function with a guide table (H.-C. Chen and Y. Asau, AIIE Trans. 6(2), 1974). Every probability is right
 * to 2⁻³¹. The number grows with the word, so equal words give near-equal noise at neighbouring grey levels.
 */

/** A word's leading bits are used: 31, so that a difference of two keeps its sign. */
const WORD_BITS = 31;
const GUIDE_BITS = 8;
const GUIDE_SHIFT = WORD_BITS - GUIDE_BITS;

/** The largest mean that a table is built for: about 850 numbers of 4 bytes. */
export const MAX_TABLE_MEAN = 4096;

export class PoissonTable {
  /** Of each mean: where its numbers begin in `last`. */
  readonly #base: Int32Array;
  /** Of each mean: the number that its first entry stands for. */
  readonly #smallest: Int32Array;
  /** The largest 31-bit word that still gives this number. */
  readonly #last: Int32Array;
  /** Of each mean and leading byte of the word: the first entry worth looking at. */
  readonly #guide: Uint16Array;

  /** @param means Means between 0 and MAX_TABLE_MEAN; a sample names its mean by the index in this list. */
  constructor(means: readonly number[]) {
    const distributions = means.map(distribution);
    const entries = distributions.reduce((sum, { last }) => sum + last.length, 0);
    this.#base = new Int32Array(means.length);
    this.#smallest = new Int32Array(means.length);
    this.#last = new Int32Array(entries);
    this.#guide = new Uint16Array(means.length << GUIDE_BITS);
    let base = 0;
    for (const [index, { smallest, last }] of distributions.entries()) {
      this.#base[index] = base;
      this.#smallest[index] = smallest;
      this.#last.set(last, base);
      let entry = 0;
      for (let byte = 0; byte < 1 << GUIDE_BITS; byte++) {
        while (byte << GUIDE_SHIFT > last[entry]!) entry++;
        this.#guide[(index << GUIDE_BITS) | byte] = entry;
      }
      base += last.length;
    }
  }

  /**
   * For each of the first `count` words: the Poisson number of the mean that `indices` names at the same place, written
   * to `out`.
   */
  sample(indices: Float32Array, words: Uint32Array, count: number, out: Float64Array): void {
    const base = this.#base;
    const smallest = this.#smallest;
    const last = this.#last;
    const guide = this.#guide;
    for (let n = 0; n < count; n++) {
      const index = indices[n]! | 0;
      const word = words[n]! >>> 1;
      const first = base[index]!;
      let entry = first + guide[(index << GUIDE_BITS) | (word >>> GUIDE_SHIFT)]!;
      // One step without a branch, which would be mispredicted every eighth time; a second one is rare.
      entry += (last[entry]! - word) >>> 31;
      while (word > last[entry]!) entry++;
      out[n] = entry - first + smallest[index]!;
    }
  }
}

/** The distribution function times 2³¹, from the first number it is not zero at. */
function distribution(mean: number): { smallest: number; last: number[] } {
  // Probabilities relative to the mode's, by p(k+1) = p(k)·µ/(k+1): no exponential is needed.
  const mode = Math.floor(mean);
  const below: number[] = [];
  for (let k = mode, p = 1; k > 0 && p > 1e-20; k--) {
    p *= k / mean;
    below.push(p);
  }
  const relative = [...below.reverse(), 1];
  for (let k = mode + 1, p = mean / k; p > 1e-20; k++, p *= mean / k) relative.push(p);
  const total = relative.reduce((sum, p) => sum + p, 0);

  let smallest = mode - below.length;
  const last: number[] = [];
  let cumulative = 0;
  for (const p of relative) {
    cumulative += p;
    const upTo = Math.floor((cumulative / total) * 2 ** WORD_BITS + 0.5);
    if (upTo === 0) smallest++;
    else last.push(Math.min(upTo, 2 ** WORD_BITS) - 1);
    if (upTo >= 2 ** WORD_BITS) break;
  }
  // The tail beyond has less than 2⁻³² in all.
  last[last.length - 1] = 2 ** WORD_BITS - 1;
  return { smallest, last };
}
