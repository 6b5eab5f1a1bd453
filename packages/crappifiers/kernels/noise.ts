/**
 * The loops that give each pixel of a plane its noise: which words a pixel gets depends on its number alone. They go by
 * chunks, whose numbers stay in the first cache, and in each by passes; the few pixels for which a pass does not suffice are
 * put on a list and mended one by one.
 */

import { exp } from "./elementary";
import { fillNormals } from "./normal";
import { poissonFromWords } from "./poisson";
import { countBytes, fillCounts, TABLE_MEANS } from "./poisson-table";
import { pixelWords } from "./threefry";
import { unit } from "./unit";

/** Pixels of a chunk. */
const CHUNK: i32 = 512;
const buffer: usize = memory.data((512 + 32) * 4, 16);
const secondBuffer: usize = memory.data((512 + 32) * 4, 16);
/** Normal numbers or counts of photons. */
const numbers: usize = memory.data(512 * 4, 16);
/** Mean counts of photons: the whole part as i32, the rest as float64. */
const wholes: usize = memory.data(512 * 4, 16);
const rests: usize = memory.data(512 * 8, 16);
/** Pixels to be mended, by their number in the chunk. */
const list: usize = memory.data(512 * 4, 16);

/** value ← value + offset + deviation · normal number. Pixel n takes word n. */
export function addNormal(values: usize, count: i32, offset: f64, deviation: f64): void {
  for (let start = 0; start < count; start += CHUNK) {
    const size = min(CHUNK, count - start);
    drawNormals(start, size);
    addNumbers(values + <usize>(start << 2), size, offset, deviation);
  }
}

/** value ← value + deviation · (value − black) · normal number. Pixel n takes word n. */
export function multiplyNormal(values: usize, count: i32, black: f64, deviation: f64): void {
  for (let start = 0; start < count; start += CHUNK) {
    const size = min(CHUNK, count - start);
    drawNormals(start, size);
    for (let n = 0; n < size; n++) {
      const at = values + <usize>((start + n) << 2);
      const value = <f64>load<f32>(at);
      store<f32>(at, <f32>(value + deviation * (value - black) * <f64>load<f32>(numbers + <usize>(n << 2))));
    }
  }
}

/** Writes the normal numbers of the pixels 0, 1 … themselves, in float64. */
export function normals(out: usize, count: i32): void {
  for (let start = 0; start < count; start += CHUNK) {
    const size = min(CHUNK, count - start);
    drawNormals(start, size);
    for (let n = 0; n < size; n++) {
      store<f64>(out + <usize>((start + n) << 3), <f64>load<f32>(numbers + <usize>(n << 2)));
    }
  }
}

/** To `numbers` the standard normal numbers of the pixels from `start` on. */
function drawNormals(start: i32, size: i32): void {
  fillNormals(numbers, pixelWords(buffer, start, size, 0), start, size);
}

/**
 * value ← black + offset + kept + gain · photons, Poisson-distributed with the mean µ = (value − black) / unit, none below
 * black; what is kept of value − black is its share `keep` above black and `below` below it. The photons are the sum of two
 * counts, of means ⌊µ⌋ (from a table) and µ − ⌊µ⌋ < 1, which is distributed as it should be. Pixel n takes word n for the
 * first, and word n of a second series for the other.
 *
 * @param whole Whether every µ is a whole number below TABLE_MEANS, which saves the second count.
 */
export function blendPoisson(
  values: usize,
  count: i32,
  black: f64,
  unit: f64,
  keep: f64,
  below: f64,
  offset: f64,
  gain: f64,
  whole: bool,
): void {
  for (let start = 0; start < count; start += CHUNK) {
    const at = values + ((<usize>start) << 2);
    const size = min(CHUNK, count - start);
    const first = pixelWords(buffer, start, size, 0);
    if (whole) {
      splitWholeMeans(at, size, <f32>black);
      fillCounts(numbers, wholes, first, size);
    } else {
      const second = pixelWords(secondBuffer, start, size, 1);
      const beyond = splitMeans(at, size, black, unit);
      fillCounts(numbers, wholes, first, size);
      addSmallCounts(size, second);
      if (beyond) drawLargeCounts(at, size, black, unit, start, first, second);
    }
    blend(at, size, black, keep, below, black + offset, gain);
  }
}

/** value ← value + offset + deviation · number */
function addNumbers(values: usize, size: i32, offset: f64, deviation: f64): void {
  const offsets = f32x4.splat(<f32>offset);
  const deviations = f32x4.splat(<f32>deviation);
  let n = 0;
  for (; n + 4 <= size; n += 4) {
    const at = values + <usize>(n << 2);
    const noise = f32x4.add(offsets, f32x4.mul(deviations, v128.load(numbers + <usize>(n << 2))));
    v128.store(at, f32x4.add(v128.load(at), noise));
  }
  for (; n < size; n++) {
    const at = values + <usize>(n << 2);
    store<f32>(at, load<f32>(at) + (<f32>offset + <f32>deviation * load<f32>(numbers + <usize>(n << 2))));
  }
}

/** byte ← Poisson number with the byte as its mean, at most 255. Pixel n takes word n, as it does in `blendPoisson`. */
export function countPhotons(bytes: usize, count: i32): void {
  for (let start = 0; start < count; start += CHUNK) {
    const size = min(CHUNK, count - start);
    countBytes(bytes + start, pixelWords(buffer, start, size, 0), size);
  }
}

/**
 * value ← offset + gain · number + keep · (value − black), below black its share `below` instead. Differences to black lose
 * nothing even where black is large.
 */
function blend(values: usize, size: i32, black: f64, keep: f64, below: f64, offset: f64, gain: f64): void {
  const zeros = f32x4.splat(0);
  const blacks = f32x4.splat(<f32>black);
  const belows = f32x4.splat(<f32>below);
  const keeps = f32x4.splat(<f32>keep);
  const offsets = f32x4.splat(<f32>offset);
  const gains = f32x4.splat(<f32>gain);
  let n = 0;
  for (; n + 4 <= size; n += 4) {
    const at = values + <usize>(n << 2);
    const noise = f32x4.mul(gains, v128.load(numbers + <usize>(n << 2)));
    const signal = f32x4.sub(v128.load(at), blacks);
    const kept = f32x4.add(f32x4.mul(keeps, f32x4.pmax(signal, zeros)), f32x4.mul(belows, f32x4.pmin(signal, zeros)));
    v128.store(at, f32x4.add(offsets, f32x4.add(kept, noise)));
  }
  for (; n < size; n++) {
    const at = values + <usize>(n << 2);
    const noise = <f32>gain * load<f32>(numbers + <usize>(n << 2));
    const signal = load<f32>(at) - <f32>black;
    const kept = <f32>keep * max<f32>(signal, 0) + <f32>below * min<f32>(signal, 0);
    store<f32>(at, <f32>offset + (kept + noise));
  }
}

/** To `wholes` the means value − black, which are whole and below TABLE_MEANS; below black there are no photons. */
function splitWholeMeans(values: usize, size: i32, black: f32): void {
  const blacks = f32x4.splat(black);
  let n = 0;
  for (; n + 4 <= size; n += 4) {
    const means = f32x4.sub(v128.load(values + ((<usize>n) << 2)), blacks);
    v128.store(wholes + ((<usize>n) << 2), i32x4.trunc_sat_f32x4_u(means));
  }
  for (; n < size; n++) {
    store<i32>(wholes + ((<usize>n) << 2), <i32>max<f32>(load<f32>(values + ((<usize>n) << 2)) - black, 0));
  }
}

/** To `wholes` and `rests` the parts of the means; what is no number has none. Says whether one is beyond the table. */
function splitMeans(values: usize, size: i32, black: f64, unit: f64): bool {
  const blacks = f64x2.splat(black);
  const units = f64x2.splat(unit);
  const limit = f64x2.splat(<f64>TABLE_MEANS);
  let beyond = i32x4.splat(0);
  // Of an odd size the last number is made twice as many, from what happens to follow: chunks have room for it.
  for (let n = 0; n < size; n += 2) {
    const value = f64x2.promote_low_f32x4(
      n + 1 < size ? v128.load64_zero(values + ((<usize>n) << 2)) : v128.load32_zero(values + ((<usize>n) << 2)),
    );
    const mean = f64x2.div(f64x2.sub(value, blacks), units);
    // `pmax` and `pmin` take their first operand where the other is no number.
    const bounded = f64x2.pmin(limit, f64x2.pmax(f64x2.splat(0), mean));
    const floored = f64x2.floor(bounded);
    const parts = i32x4.trunc_sat_f64x2_s_zero(floored);
    v128.store64_lane(wholes + ((<usize>n) << 2), parts, 0);
    v128.store(rests + ((<usize>n) << 3), f64x2.sub(bounded, floored));
    beyond = v128.or(beyond, f64x2.ge(bounded, limit));
  }
  return v128.any_true(beyond);
}

/** Counts of the means beyond the table, each from its two words and as many more as it takes. */
function drawLargeCounts(
  values: usize,
  size: i32,
  black: f64,
  unit: f64,
  start: i32,
  firstWords: usize,
  secondWords: usize,
): void {
  for (let n = 0; n < size; n++) {
    const word = (<usize>n) << 2;
    if (load<i32>(wholes + word) < TABLE_MEANS) continue;
    const mean = (<f64>load<f32>(values + word) - black) / unit;
    const photons = poissonFromWords(mean, load<u32>(firstWords + word), load<u32>(secondWords + word), start + n);
    store<f32>(numbers + <usize>(n << 2), <f32>photons);
  }
}

/** Adds to `numbers` counts of the means in `rests`, which are below 1; by inversion, each probability right to 2⁻³². */
function addSmallCounts(size: i32, words: usize): void {
  let rejected = 0;
  for (let n = 0; n < size; n += 2) {
    const mean = v128.load(rests + ((<usize>n) << 3));
    const pair = f64x2.convert_low_i32x4_u(v128.load64_zero(words + ((<usize>n) << 2)));
    const uniform = f64x2.mul(f64x2.add(pair, f64x2.splat(0.5)), f64x2.splat(2.3283064365386963e-10)); // 2⁻³²
    let p = negativeExponential(mean);
    let upTo = p;
    // A true comparison is −1 as a whole number: subtracted, it counts.
    let count = f64x2.gt(uniform, upTo);
    for (let k = 1; k < SMALL_COUNTS; k++) {
      p = f64x2.mul(p, f64x2.mul(mean, f64x2.splat(1 / <f64>k)));
      upTo = f64x2.add(upTo, p);
      count = i64x2.add(count, f64x2.gt(uniform, upTo));
    }
    const at = numbers + <usize>(n << 2);
    const counted = f32x4.convert_i32x4_s(v128.shuffle<i32>(count, count, 0, 2, 0, 2));
    v128.store64_lane(at, f32x4.sub(v128.load64_zero(at), counted), 0);
    store<i32>(list + ((<usize>rejected) << 2), n);
    rejected += <i32>v128.any_true(f64x2.gt(uniform, upTo));
  }
  // Of these the counts go on: one of 1,700 at a mean of 1.
  for (let i = 0; i < rejected; i++) {
    const pair = load<i32>(list + ((<usize>i) << 2));
    for (let n = pair; n < pair + 2; n++) addRareCount(n, load<u32>(words + ((<usize>n) << 2)));
  }
}

/** Comparisons that are made of every pixel: the largest count that they find. */
const SMALL_COUNTS: i32 = 6;

function addRareCount(n: i32, word: u32): void {
  const mean = load<f64>(rests + ((<usize>n) << 3));
  const uniform = unit(word);
  let p = exp(-mean);
  let upTo = p;
  let k = 0;
  for (; k < 16 && uniform > upTo; ) {
    p *= mean / <f64>++k;
    upTo += p;
  }
  if (k <= SMALL_COUNTS) return;
  const at = numbers + <usize>(n << 2);
  store<f32>(at, load<f32>(at) + <f32>(k - SMALL_COUNTS));
}

/** e to the power of −x for 0 ≤ x < 1, within 2⁻³⁵: e^−½ times Taylor's series of ½ − x to the tenth power. */
function negativeExponential(x: v128): v128 {
  const y = f64x2.sub(f64x2.splat(0.5), x);
  let series = f64x2.splat(1.0 / 3628800);
  series = f64x2.add(f64x2.mul(series, y), f64x2.splat(1.0 / 362880));
  series = f64x2.add(f64x2.mul(series, y), f64x2.splat(1.0 / 40320));
  series = f64x2.add(f64x2.mul(series, y), f64x2.splat(1.0 / 5040));
  series = f64x2.add(f64x2.mul(series, y), f64x2.splat(1.0 / 720));
  series = f64x2.add(f64x2.mul(series, y), f64x2.splat(1.0 / 120));
  series = f64x2.add(f64x2.mul(series, y), f64x2.splat(1.0 / 24));
  series = f64x2.add(f64x2.mul(series, y), f64x2.splat(1.0 / 6));
  series = f64x2.add(f64x2.mul(series, y), f64x2.splat(0.5));
  series = f64x2.add(f64x2.mul(series, y), f64x2.splat(1));
  series = f64x2.add(f64x2.mul(series, y), f64x2.splat(1));
  return f64x2.mul(series, f64x2.splat(0.6065306597126334));
}
