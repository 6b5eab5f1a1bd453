/**
 * Poisson numbers of the means 0, 1 … 511: one word and about one comparison each, by inversion of the distribution
 * function with a guide table (H.-C. Chen and Y. Asau, AIIE Trans. 6(2), 1974). Every probability is right to 2⁻³¹. The
 * number grows with the word, so equal words give near-equal noise at neighbouring grey levels.
 */

/** Means that the table knows: those below it. The mean itself may be looked up; what comes out means nothing. */
export const TABLE_MEANS: i32 = 512;
/** A word's leading bits are used: 31, so that a difference of two keeps its sign. */
const WORD_BITS: i32 = 31;
const GUIDE_BITS: i32 = 8;
const GUIDE_SHIFT: i32 = WORD_BITS - GUIDE_BITS;
/**
 * Numbers lie within 160 of their mean, all but less than 2⁻³¹ of them: so many entries a mean, in whose middle it is.
 * No power of two, or the entries looked up most would share a few lines of the cache.
 */
const ENTRIES: i32 = 320;
const MIDDLE: i32 = 160;

/** Of each mean and number: the largest 31-bit word that still gives it. */
const last: usize = memory.data(513 * 320 * 4, 16);
/** Of each mean and leading byte of the word: the first of its entries worth looking at. */
const guide: usize = memory.data(513 * 256 * 2, 16);

/** Where to look for the number of a 31-bit word: at its entry, or rarely after it. */
export function countEntry(mean: i32, word: u32): i32 {
  const entry = mean * ENTRIES + <i32>load<u16>(guide + <usize>(((mean << GUIDE_BITS) | (word >>> GUIDE_SHIFT)) << 1));
  // One step without a branch, which would be mispredicted every eighth time.
  return entry + <i32>(<u32>(lastOf(entry) - <i32>word) >>> 31);
}

export function isBeyond(entry: i32, word: u32): bool {
  return <i32>word > lastOf(entry);
}

export function countAt(mean: i32, entry: i32): i32 {
  return entry - mean * (ENTRIES - 1) - MIDDLE;
}

function entryOf(mean: i32, count: i32): i32 {
  return count + mean * (ENTRIES - 1) + MIDDLE;
}

function lastOf(entry: i32): i32 {
  return load<i32>(last + <usize>(entry << 2));
}

/** Probabilities of the entries of one mean, relative to the largest. */
const relative: usize = memory.data(320 * 8, 16);

/** Fills the table; nothing else here may be called before. Takes a few milliseconds. */
export function buildPoissonTable(): void {
  for (let mean = 0; mean < TABLE_MEANS; mean++) {
    addDistribution(mean);
    addGuide(mean);
  }
  // Whoever looks up the mean behind the last one stops at its first entry.
  store<i32>(last + <usize>((TABLE_MEANS * ENTRIES) << 2), i32.MAX_VALUE);
}

function addDistribution(mean: i32): void {
  // Relative to the probability of the mode, which is the mean, by p(k+1) = p(k)·µ/(k+1): no exponential is needed.
  const smallest = max(0, mean - MIDDLE);
  const largest = mean - MIDDLE + ENTRIES - 1;
  const place = relative - <usize>(smallest << 3);
  let p: f64 = 1;
  for (let k = mean; k >= smallest; k--) {
    store<f64>(place + <usize>(k << 3), p);
    p *= <f64>k / <f64>mean;
  }
  p = 1;
  for (let k = mean + 1; k <= largest; k++) {
    p *= <f64>mean / <f64>k;
    store<f64>(place + <usize>(k << 3), p);
  }
  let total: f64 = 0;
  for (let k = smallest; k <= largest; k++) total += load<f64>(place + <usize>(k << 3));
  let cumulative: f64 = 0;
  for (let k = smallest; k <= largest; k++) {
    cumulative += load<f64>(place + <usize>(k << 3));
    const upTo = floor<f64>((cumulative / total) * 2147483648 + 0.5);
    // None below the first word that counts has −1, which no word is below; the last ones have all that there are.
    store<i32>(last + <usize>(entryOf(mean, k) << 2), <i32>(min<f64>(upTo, 2147483648) - 1));
  }
}

function addGuide(mean: i32): void {
  const first = mean * ENTRIES;
  let entry = entryOf(mean, max(0, mean - MIDDLE));
  for (let byte = 0; byte < 1 << GUIDE_BITS; byte++) {
    while (byte << GUIDE_SHIFT > lastOf(entry)) entry++;
    store<u16>(guide + <usize>(((mean << GUIDE_BITS) | byte) << 1), <u16>(entry - first));
  }
}
