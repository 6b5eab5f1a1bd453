/**
 * Poisson numbers of the means 0, 1 … 511: one word and one look at a table each, by inversion of the distribution function
 * with a guide table (H.-C. Chen and Y. Asau, AIIE Trans. 6(2), 1974). Every probability is right to 2⁻³¹. The number grows
 * with the word, so equal words give near-equal noise at neighbouring grey levels.
 */
import { fourBytes } from "./pixels";

/** Means that the table knows: those below it. The mean itself may be looked up; what comes out means nothing. */
export const TABLE_MEANS: i32 = 512;
/**
 * Numbers lie within 160 of their mean, all but less than 2⁻³¹ of them: so many entries a mean, in whose middle it is.
 * No power of two, or the entries looked up most would share a few lines of the cache.
 */
const ENTRIES: i32 = 320;
const MIDDLE: i32 = 160;

/** Of each mean and number: the largest word, without its lowest bit, that still gives it. */
const last: usize = memory.data(512 * 320 * 4, 16);
/**
 * Of each mean and leading byte of the word what the second byte decides: below `one` (bits 0 to 8) it is the number in the
 * bits from 18 on, above `one` and below `two` (bits 9 to 17) one more. At `one` and from `two` on the word's other bits
 * have to be looked at, in one case of a hundred.
 */
const cells: usize = memory.data(513 * 256 * 4, 16);
const CELL_BITS: i32 = 9;
const CELL_MASK: i32 = 511;

/** To `numbers` (float32) those of so many means below TABLE_MEANS (i32). Rounds up to a vector; all three have that room. */
export function fillCounts(numbers: usize, means: usize, words: usize, size: i32): void {
  let list = undecided;
  for (let n = 0; n < size; n += 4) {
    const at = <usize>(n << 2);
    const word = v128.load(words + at);
    const cell = cellsOf(v128.load(means + at), word);
    const second = secondByte(word);
    v128.store(numbers + at, f32x4.convert_i32x4_s(countsIn(cell, second)));
    list = noteOpen(list, n, cell, second);
  }
  for (let place = undecided; place < list; place += 4) {
    const at = <usize>(load<i32>(place) << 2);
    store<f32>(numbers + at, <f32>countOf(load<i32>(means + at), load<u32>(words + at)));
  }
}

/** Each byte becomes the number with itself as the mean, at most 255. `words` has room up to a vector. */
export function countBytes(bytes: usize, words: usize, size: i32): void {
  let list = undecided;
  let n = 0;
  for (; n + 4 <= size; n += 4) {
    const word = v128.load(words + <usize>(n << 2));
    const cell = cellsOf(fourBytes(bytes + n), word);
    const second = secondByte(word);
    const last = list;
    list = noteOpen(list, n, cell, second);
    // Their means are written over.
    for (let place = last; place < list; place += 4) {
      const pixel = load<i32>(place);
      store<i32>(place, ((<i32>load<u8>(bytes + pixel)) << 16) | pixel);
    }
    const counts = countsIn(cell, second);
    const shorts = i16x8.narrow_i32x4_s(counts, counts);
    v128.store32_lane(bytes + n, i8x16.narrow_i16x8_u(shorts, shorts), 0);
  }
  for (let place = undecided; place < list; place += 4) {
    const pixel = load<i32>(place) & 0xffff;
    countByte(bytes + pixel, load<i32>(place) >> 16, load<u32>(words + <usize>(pixel << 2)));
  }
  for (; n < size; n++) countByte(bytes + n, load<u8>(bytes + n), load<u32>(words + <usize>(n << 2)));
}

function countByte(at: usize, mean: i32, word: u32): void {
  store<u8>(at, <u8>min(255, countOf(mean, word)));
}

function secondByte(word: v128): v128 {
  return v128.and(i32x4.shr_u(word, 16), i32x4.splat(0xff));
}

function countsIn(cell: v128, second: v128): v128 {
  // A true comparison is −1 as a whole number: subtracted, it counts.
  return i32x4.sub(i32x4.shr_u(cell, 2 * CELL_BITS), i32x4.gt_s(second, v128.and(cell, i32x4.splat(CELL_MASK))));
}

/** Appends the pixels from `n` on whose cells leave their number open, and returns the list's new end. */
function noteOpen(list: usize, n: i32, cell: v128, second: v128): usize {
  const one = v128.and(cell, i32x4.splat(CELL_MASK));
  const two = v128.and(i32x4.shr_u(cell, CELL_BITS), i32x4.splat(CELL_MASK));
  const open = v128.or(i32x4.eq(second, one), i32x4.ge_s(second, two));
  if (!v128.any_true(open)) return list;
  let end = list;
  for (let mask = i32x4.bitmask(open); mask !== 0; mask &= mask - 1) {
    store<i32>(end, n + ctz(mask));
    end += 4;
  }
  return end;
}

/** Pixels whose first two bytes leave the number open. */
const undecided: usize = memory.data((512 + 4) * 4, 16);

function cellsOf(means: v128, word: v128): v128 {
  const places = i32x4.add(i32x4.shl(means, 10), i32x4.shl(i32x4.shr_u(word, 24), 2));
  const first = v128.load32_zero(cells + <usize>i32x4.extract_lane(places, 0));
  const second = v128.load32_lane(cells + <usize>i32x4.extract_lane(places, 1), first, 1);
  const third = v128.load32_lane(cells + <usize>i32x4.extract_lane(places, 2), second, 2);
  return v128.load32_lane(cells + <usize>i32x4.extract_lane(places, 3), third, 3);
}

function countOf(mean: i32, word: u32): i32 {
  const cell = load<i32>(cells + <usize>((mean << 10) | ((word >>> 24) << 2)));
  let count = cell >>> (2 * CELL_BITS);
  while (<i32>(word >>> 1) > lastOf(entryOf(mean, count))) count++;
  return count;
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
    addCells(mean);
  }
  // Of the mean behind the last one everything is decided.
  for (let byte = 0; byte < 256; byte++) {
    store<i32>(cells + <usize>(((TABLE_MEANS << 8) | byte) << 2), (256 << CELL_BITS) | 256);
  }
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

function addCells(mean: i32): void {
  let count = max(0, mean - MIDDLE);
  for (let byte = 0; byte < 256; byte++) {
    const first = byte << 23;
    while (first > lastOf(entryOf(mean, count))) count++;
    const one = min(256, (lastOf(entryOf(mean, count)) - first) >> 15);
    const two = min(256, (lastOf(entryOf(mean, count + 1)) - first) >> 15);
    store<i32>(cells + <usize>(((mean << 8) | byte) << 2), (count << (2 * CELL_BITS)) | (two << CELL_BITS) | one);
  }
}
