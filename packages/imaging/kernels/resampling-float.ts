/**
 * The two passes of resampling in floating point: sums in float64; between the passes float64 for pixels of 16 bits, and float32
 * for those in floating point, as Pillow's mode F has it. Coefficients are as in src/resampling/coefficients.ts.
 */

/** Along rows, from uint16 to float64. */
export function resampleRowsOfShorts(
  out: usize,
  input: usize,
  height: i32,
  width: i32,
  outputWidth: i32,
  starts: usize,
  counts: usize,
  weights: usize,
  taps: i32,
): void {
  resampleRows<u16, f64>(out, input, height, width, outputWidth, starts, counts, weights, taps);
}

/** Along rows, from float32 to float32. */
export function resampleRowsOfFloats(
  out: usize,
  input: usize,
  height: i32,
  width: i32,
  outputWidth: i32,
  starts: usize,
  counts: usize,
  weights: usize,
  taps: i32,
): void {
  resampleRows<f32, f32>(out, input, height, width, outputWidth, starts, counts, weights, taps);
}

function resampleRows<Pixel, Sum>(
  out: usize,
  input: usize,
  height: i32,
  width: i32,
  outputWidth: i32,
  starts: usize,
  counts: usize,
  weights: usize,
  taps: i32,
): void {
  for (let row = 0; row < height; row++) {
    for (let i = 0; i < outputWidth; i++) {
      const first = input + load<i32>(starts + <usize>(i << 2)) * sizeof<Pixel>();
      const own = weights + <usize>((i * taps) << 3);
      const count = load<i32>(counts + <usize>(i << 2));
      let sums = f64x2.splat(0);
      let k = 0;
      for (; k + 2 <= count; k += 2) {
        const pair = loadPair<Pixel>(first + k * sizeof<Pixel>());
        sums = f64x2.add(sums, f64x2.mul(pair, v128.load(own + <usize>(k << 3))));
      }
      let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
      if (k < count) sum += <f64>load<Pixel>(first + k * sizeof<Pixel>()) * load<f64>(own + <usize>(k << 3));
      store<Sum>(out + i * sizeof<Sum>(), <Sum>sum);
    }
    input += width * sizeof<Pixel>();
    out += outputWidth * sizeof<Sum>();
  }
}

/** Along columns, from float64 to uint16: halves are rounded up, and values held within the type. */
export function resampleColumnsToShorts(
  out: usize,
  input: usize,
  width: i32,
  outputHeight: i32,
  starts: usize,
  counts: usize,
  weights: usize,
  taps: i32,
): void {
  resampleColumns<f64, u16>(out, input, width, outputHeight, starts, counts, weights, taps);
}

/** Along columns, from float32 to float32. */
export function resampleColumnsToFloats(
  out: usize,
  input: usize,
  width: i32,
  outputHeight: i32,
  starts: usize,
  counts: usize,
  weights: usize,
  taps: i32,
): void {
  resampleColumns<f32, f32>(out, input, width, outputHeight, starts, counts, weights, taps);
}

function resampleColumns<Sum, Pixel>(
  out: usize,
  input: usize,
  width: i32,
  outputHeight: i32,
  starts: usize,
  counts: usize,
  weights: usize,
  taps: i32,
): void {
  for (let i = 0; i < outputHeight; i++) {
    const first = input + load<i32>(starts + <usize>(i << 2)) * width * sizeof<Sum>();
    const own = weights + <usize>((i * taps) << 3);
    const count = load<i32>(counts + <usize>(i << 2));
    for (let column = 0; column < width; column += 2) {
      let sums = f64x2.splat(0);
      let place = first + column * sizeof<Sum>();
      for (let k = 0; k < count; k++) {
        sums = f64x2.add(sums, f64x2.mul(loadPair<Sum>(place), v128.load64_splat(own + <usize>(k << 3))));
        place += width * sizeof<Sum>();
      }
      storePair<Pixel>(out + column * sizeof<Pixel>(), sums);
    }
    out += width * sizeof<Pixel>();
  }
}

/** Two neighbours as float64. */
function loadPair<Value>(at: usize): v128 {
  if (isInteger<Value>()) return f64x2.convert_low_i32x4_u(i32x4.extend_low_i16x8_u(v128.load32_zero(at)));
  if (sizeof<Value>() === 4) return f64x2.promote_low_f32x4(v128.load64_zero(at));
  return v128.load(at);
}

function storePair<Pixel>(at: usize, sums: v128): void {
  if (isFloat<Pixel>()) {
    v128.store64_lane(at, f32x4.demote_f64x2_zero(sums), 0);
    return;
  }
  const rounded = f64x2.floor(f64x2.add(sums, f64x2.splat(0.5)));
  const whole = i32x4.trunc_sat_f64x2_s_zero(f64x2.min(f64x2.max(rounded, f64x2.splat(0)), f64x2.splat(65535)));
  v128.store32_lane(at, i16x8.narrow_i32x4_u(whole, whole), 0);
}
