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
/** Numbers that a Poisson-distributed one of the largest mean takes, all but 2⁻³¹ of them; on average two thirds. */
const _MOST_ENTRIES: i32 = 300;

/** Of each mean: where its entries begin in `last`, and the number that its first entry stands for less that place. */
const base: usize = memory.data(513 * 4, 16);
const shift: usize = memory.data(513 * 4, 16);
/** Of each mean and leading byte of the word: how far from its first entry the first one worth looking at lies. */
const guide: usize = memory.data(513 * 256 * 2, 16);
/** The largest 31-bit word that still gives an entry's number. */
const last: usize = memory.data(512 * 300 * 4, 16);

/** Where to look for the number of a 31-bit word: at its entry, or rarely after it. */
export function countEntry(mean: i32, word: u32): i32 {
  const entry =
    load<i32>(base + ((<usize>mean) << 2)) +
    <i32>load<u16>(guide + ((((<usize>mean) << GUIDE_BITS) | (word >>> GUIDE_SHIFT)) << 1));
  // One step without a branch, which would be mispredicted every eighth time.
  return entry + <i32>(<u32>(load<i32>(last + ((<usize>entry) << 2)) - <i32>word) >>> 31);
}

export function isBeyond(entry: i32, word: u32): bool {
  return <i32>word > load<i32>(last + ((<usize>entry) << 2));
}

export function countAt(mean: i32, entry: i32): i32 {
  return entry + load<i32>(shift + ((<usize>mean) << 2));
}

/** Room for the probabilities of one mean, relative to the largest. */
const relative: usize = memory.data(1024 * 8, 16);

/** Fills the table; nothing else here may be called before. Takes a few milliseconds. */
export function buildPoissonTable(): void {
  let entry = 0;
  for (let mean = 0; mean < TABLE_MEANS; mean++) {
    store<i32>(base + ((<usize>mean) << 2), entry);
    entry = addDistribution(mean, entry);
  }
}

/** Adds the entries of a mean; returns the first free one. */
function addDistribution(mean: i32, firstEntry: i32): i32 {
  // Probabilities relative to that of the mode, which is the mean, by p(k+1) = p(k)·µ/(k+1): no exponential is needed.
  let smallest = mean;
  let p: f64 = 1;
  for (; smallest > 0 && p > 1e-20; smallest--) p *= <f64>smallest / <f64>mean;
  let size = 0;
  let total: f64 = 0;
  for (let k = smallest; k <= mean || p > 1e-20; k++) {
    if (k === mean) p = 1;
    else if (k > mean) p *= <f64>mean / <f64>k;
    store<f64>(relative + ((<usize>size) << 3), p);
    size++;
    total += p;
    if (k < mean) p *= <f64>mean / <f64>(k + 1);
  }
  let entry = firstEntry;
  let cumulative: f64 = 0;
  let shiftIsKnown = false;
  for (let i = 0; i < size; i++) {
    cumulative += load<f64>(relative + ((<usize>i) << 3));
    const upTo = floor<f64>((cumulative / total) * 2147483648 + 0.5);
    if (upTo === 0) continue;
    if (!shiftIsKnown) store<i32>(shift + ((<usize>mean) << 2), smallest + i - entry);
    shiftIsKnown = true;
    store<i32>(last + ((<usize>entry) << 2), <i32>(min<f64>(upTo, 2147483648) - 1));
    entry++;
    if (upTo >= 2147483648) break;
  }
  // The tail beyond has less than 2⁻³² in all.
  store<i32>(last + ((<usize>(entry - 1)) << 2), i32.MAX_VALUE);
  addGuide(mean, firstEntry);
  return entry;
}

function addGuide(mean: i32, firstEntry: i32): void {
  let entry = firstEntry;
  for (let byte = 0; byte < 1 << GUIDE_BITS; byte++) {
    while (byte << GUIDE_SHIFT > load<i32>(last + ((<usize>entry) << 2))) entry++;
    store<u16>(guide + ((((<usize>mean) << GUIDE_BITS) | byte) << 1), <u16>(entry - firstEntry));
  }
}
