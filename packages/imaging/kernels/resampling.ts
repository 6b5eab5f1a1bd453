/**
 * The two passes of 8-bit resampling in Pillow's fixed-point arithmetic: 22 bits of fraction, sums of 32 bits, each pass
 * rounded to 8 bits.
 */
const FRACTION_BITS: i32 = 22;
const HALF: i32 = 1 << (FRACTION_BITS - 1);
/** A weight is its upper part times 2¹¹ plus its lower part: each fits into 16 bits, where vectors multiply fastest. */
const LOWER_BITS: i32 = 11;
const UPPER_HALF: i32 = HALF >> LOWER_BITS;

/**
 * Along rows: output pixel i of each row is the sum of `taps` input pixels from `starts[i]` on. `upper` and `lower` hold
 * the parts of its weights (i16, `taps` a pixel); `taps` is a multiple of eight, what is not needed has weight zero.
 * `outputWidth` is a multiple of four; behind the input as many bytes as there are taps may be read. The pixels from
 * `roundFrom` to `roundTo`, multiples of four, have weights without a lower part; `byFour`: all of them the same, each
 * beginning four input pixels after the one before.
 */
export function resampleRows(
  out: usize,
  input: usize,
  height: i32,
  width: i32,
  outputWidth: i32,
  starts: usize,
  upper: usize,
  lower: usize,
  taps: i32,
  roundFrom: i32,
  roundTo: i32,
  byFour: bool,
): void {
  for (let row = 0; row < height; row++) {
    // The commonest case, bilinear by four, has no need of a loop over taps; nor, but at the edges, of a lower part.
    if (taps === 8) {
      resampleRow8(out, input, 0, roundFrom, starts, upper, lower);
      if (byFour) resampleRoundRowByFour(out, input, roundFrom, roundTo, starts, upper);
      else resampleRoundRow8(out, input, roundFrom, roundTo, starts, upper);
      resampleRow8(out, input, roundTo, outputWidth, starts, upper, lower);
    } else {
      resampleRow(out, input, outputWidth, starts, upper, lower, taps);
    }
    input += width;
    out += outputWidth;
  }
}

/** Of four pixels side by side each has its first four taps where the one before it has its last four. */
function resampleRoundRowByFour(out: usize, input: usize, from: i32, to: i32, starts: usize, upper: usize): void {
  const weights = upper + <usize>(from << 4);
  const firstEven = pairOf(weights, 0);
  const firstOdd = pairOf(weights, 2);
  const lastEven = pairOf(weights, 8);
  const lastOdd = pairOf(weights, 10);
  let place = input + load<i32>(starts + <usize>(from << 2));
  let i = from;
  for (; i + 16 <= to; i += 16) {
    const sums0 = fourSums(place, firstEven, firstOdd, lastEven, lastOdd);
    const sums1 = fourSums(place + 16, firstEven, firstOdd, lastEven, lastOdd);
    const sums2 = fourSums(place + 32, firstEven, firstOdd, lastEven, lastOdd);
    const sums3 = fourSums(place + 48, firstEven, firstOdd, lastEven, lastOdd);
    const shorts0 = i16x8.narrow_i32x4_s(sums0, sums1);
    const shorts1 = i16x8.narrow_i32x4_s(sums2, sums3);
    v128.store(out + i, i8x16.narrow_i16x8_u(shorts0, shorts1));
    place += 64;
  }
  for (; i < to; i += 4) {
    const sums = fourSums(place, firstEven, firstOdd, lastEven, lastOdd);
    const shorts = i16x8.narrow_i32x4_s(sums, sums);
    v128.store32_lane(out + i, i8x16.narrow_i16x8_u(shorts, shorts), 0);
    place += 16;
  }
}

/** Rounded to whole numbers: of weights without a lower part the upper one's fraction is all. */
function fourSums(place: usize, firstEven: v128, firstOdd: v128, lastEven: v128, lastOdd: v128): v128 {
  const first = v128.load(place);
  const last = v128.load(place, 4);
  const sums = i32x4.add(
    i32x4.add(i32x4.dot_i16x8_s(even(first), firstEven), i32x4.dot_i16x8_s(odd(first), firstOdd)),
    i32x4.add(i32x4.dot_i16x8_s(even(last), lastEven), i32x4.dot_i16x8_s(odd(last), lastOdd)),
  );
  return i32x4.shr_s(i32x4.add(sums, i32x4.splat(UPPER_HALF)), FRACTION_BITS - LOWER_BITS);
}

/** Two weights, every second one from the place on, over and over. */
function pairOf(weights: usize, place: usize): v128 {
  const one = <i32>load<i16>(weights + place);
  const other = <i32>load<i16>(weights + place + 4);
  return i32x4.splat((other << 16) | (one & 0xffff));
}

function even(bytes: v128): v128 {
  return v128.and(bytes, i16x8.splat(0xff));
}

function odd(bytes: v128): v128 {
  return i16x8.shr_u(bytes, 8);
}

function resampleRoundRow8(out: usize, input: usize, from: i32, to: i32, starts: usize, upper: usize): void {
  for (let i = from; i < to; i += 4) {
    const places = starts + <usize>(i << 2);
    const weights = upper + <usize>(i << 4);
    const sum0 = roundSum8(input + load<i32>(places), weights);
    const sum1 = roundSum8(input + load<i32>(places, 4), weights + 16);
    const sum2 = roundSum8(input + load<i32>(places, 8), weights + 32);
    const sum3 = roundSum8(input + load<i32>(places, 12), weights + 48);
    v128.store32_lane(out + i, rounded(i32x4.shl(sideBySide(sum0, sum1, sum2, sum3), LOWER_BITS)), 0);
  }
}

function roundSum8(pixels: usize, upper: usize): v128 {
  return i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(v128.load64_zero(pixels)), v128.load(upper));
}

function resampleRow8(out: usize, input: usize, from: i32, to: i32, starts: usize, upper: usize, lower: usize): void {
  for (let i = from; i < to; i += 4) {
    const places = starts + <usize>(i << 2);
    const weights = <usize>(i << 4);
    const sum0 = weightedSum8(input + load<i32>(places), upper + weights, lower + weights);
    const sum1 = weightedSum8(input + load<i32>(places, 4), upper + weights + 16, lower + weights + 16);
    const sum2 = weightedSum8(input + load<i32>(places, 8), upper + weights + 32, lower + weights + 32);
    const sum3 = weightedSum8(input + load<i32>(places, 12), upper + weights + 48, lower + weights + 48);
    v128.store32_lane(out + i, rounded(sideBySide(sum0, sum1, sum2, sum3)), 0);
  }
}

function weightedSum8(pixels: usize, upper: usize, lower: usize): v128 {
  const eight = i16x8.extend_low_i8x16_u(v128.load64_zero(pixels));
  const uppers = i32x4.dot_i16x8_s(eight, v128.load(upper));
  const lowers = i32x4.dot_i16x8_s(eight, v128.load(lower));
  return i32x4.add(i32x4.shl(uppers, LOWER_BITS), lowers);
}

function resampleRow(
  out: usize,
  input: usize,
  outputWidth: i32,
  starts: usize,
  upper: usize,
  lower: usize,
  taps: i32,
): void {
  const bytes = <usize>(2 * taps);
  const end = out + outputWidth;
  for (; out < end; out += 4) {
    const sum0 = weightedSum(input + load<i32>(starts), upper, lower, taps);
    const sum1 = weightedSum(input + load<i32>(starts, 4), upper + bytes, lower + bytes, taps);
    const sum2 = weightedSum(input + load<i32>(starts, 8), upper + 2 * bytes, lower + 2 * bytes, taps);
    const sum3 = weightedSum(input + load<i32>(starts, 12), upper + 3 * bytes, lower + 3 * bytes, taps);
    v128.store32_lane(out, rounded(sideBySide(sum0, sum1, sum2, sum3)), 0);
    starts += 16;
    upper += 4 * bytes;
    lower += 4 * bytes;
  }
}

/** The four parts of each sum, added. */
function sideBySide(sum0: v128, sum1: v128, sum2: v128, sum3: v128): v128 {
  const half01 = i32x4.add(v128.shuffle<i32>(sum0, sum1, 0, 4, 1, 5), v128.shuffle<i32>(sum0, sum1, 2, 6, 3, 7));
  const half23 = i32x4.add(v128.shuffle<i32>(sum2, sum3, 0, 4, 1, 5), v128.shuffle<i32>(sum2, sum3, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i64>(half01, half23, 0, 2), v128.shuffle<i64>(half01, half23, 1, 3));
}

/** In four parts. */
function weightedSum(pixels: usize, upper: usize, lower: usize, taps: i32): v128 {
  let uppers = i32x4.splat(0);
  let lowers = i32x4.splat(0);
  for (let k = 0; k < taps; k += 8) {
    const eight = i16x8.extend_low_i8x16_u(v128.load64_zero(pixels + k));
    uppers = i32x4.add(uppers, i32x4.dot_i16x8_s(eight, v128.load(upper + ((<usize>k) << 1))));
    lowers = i32x4.add(lowers, i32x4.dot_i16x8_s(eight, v128.load(lower + ((<usize>k) << 1))));
  }
  return i32x4.add(i32x4.shl(uppers, LOWER_BITS), lowers);
}

/**
 * Along columns: output row i is the sum of `counts[i]` input rows from `starts[i]` on, with whole weights (i32, `taps` a
 * row). `width` is a multiple of eight. The rows from `roundFrom` to `roundTo` have weights that are multiples of
 * 2^`roundBits`, and so small that sums of 16 bits suffice without these.
 */
export function resampleColumns(
  out: usize,
  input: usize,
  width: i32,
  outputHeight: i32,
  starts: usize,
  counts: usize,
  weights: usize,
  taps: i32,
  roundFrom: i32,
  roundTo: i32,
  roundBits: i32,
): void {
  for (let i = 0; i < outputHeight; i++) {
    const first = input + <usize>(load<i32>(starts + <usize>(i << 2)) * width);
    const count = load<i32>(counts + <usize>(i << 2));
    const ownWeights = weights + <usize>((i * taps) << 2);
    if (i >= roundFrom && i < roundTo) resampleRoundRow(out, first, width, count, ownWeights, roundBits);
    else resampleColumnsRow(out, first, width, count, ownWeights);
    out += width;
  }
}

function resampleColumnsRow(out: usize, first: usize, width: i32, count: i32, weights: usize): void {
  for (let column = 0; column < width; column += 4) {
    let sums = i32x4.splat(0);
    let pixels = first + column;
    for (let k = 0; k < count; k++) {
      const four = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(pixels)));
      sums = i32x4.add(sums, i32x4.mul(four, v128.load32_splat(weights + <usize>(k << 2))));
      pixels += width;
    }
    v128.store32_lane(out + column, rounded(sums), 0);
  }
}

function resampleRoundRow(out: usize, first: usize, width: i32, count: i32, weights: usize, bits: i32): void {
  const fraction = FRACTION_BITS - bits;
  const one: i32 = 1;
  const half = i16x8.splat(<i16>(one << (fraction - 1)));
  let column = 0;
  for (; column + 16 <= width; column += 16) {
    let left = half;
    let right = half;
    let pixels = first + column;
    for (let k = 0; k < count; k++) {
      const weight = i16x8.splat(<i16>(load<i32>(weights + <usize>(k << 2)) >> bits));
      const sixteen = v128.load(pixels);
      left = i16x8.add(left, i16x8.mul(i16x8.extend_low_i8x16_u(sixteen), weight));
      right = i16x8.add(right, i16x8.mul(i16x8.extend_high_i8x16_u(sixteen), weight));
      pixels += width;
    }
    const bytes = i8x16.narrow_i16x8_u(i16x8.shr_u(left, fraction), i16x8.shr_u(right, fraction));
    v128.store(out + column, bytes);
  }
  if (column === width) return;
  let sums = half;
  for (let k = 0; k < count; k++) {
    const weight = i16x8.splat(<i16>(load<i32>(weights + <usize>(k << 2)) >> bits));
    const eight = v128.load64_zero(first + <usize>(k * width + column));
    sums = i16x8.add(sums, i16x8.mul(i16x8.extend_low_i8x16_u(eight), weight));
  }
  const whole = i16x8.shr_u(sums, fraction);
  v128.store64_lane(out + column, i8x16.narrow_i16x8_u(whole, whole), 0);
}

function rounded(sums: v128): v128 {
  const whole = i32x4.shr_s(i32x4.add(sums, i32x4.splat(HALF)), FRACTION_BITS);
  const shorts = i16x8.narrow_i32x4_s(whole, whole);
  return i8x16.narrow_i16x8_u(shorts, shorts);
}
