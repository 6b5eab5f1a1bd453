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
  for (let row = 0; row < height; row++) {
    for (let i = 0; i < outputWidth; i++) {
      const first = input + <usize>(load<i32>(starts + <usize>(i << 2)) << 1);
      const own = weights + <usize>((i * taps) << 3);
      const count = load<i32>(counts + <usize>(i << 2));
      let sums = f64x2.splat(0);
      let k = 0;
      for (; k + 2 <= count; k += 2) {
        const pair = i32x4.extend_low_i16x8_u(v128.load32_zero(first + <usize>(k << 1)));
        const weight = v128.load(own + <usize>(k << 3));
        sums = f64x2.add(sums, f64x2.mul(f64x2.convert_low_i32x4_u(pair), weight));
      }
      let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
      if (k < count) sum += <f64>load<u16>(first + <usize>(k << 1)) * load<f64>(own + <usize>(k << 3));
      store<f64>(out + <usize>(i << 3), sum);
    }
    input += <usize>(width << 1);
    out += <usize>(outputWidth << 3);
  }
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
  for (let row = 0; row < height; row++) {
    for (let i = 0; i < outputWidth; i++) {
      const first = input + <usize>(load<i32>(starts + <usize>(i << 2)) << 2);
      const own = weights + <usize>((i * taps) << 3);
      const count = load<i32>(counts + <usize>(i << 2));
      let sums = f64x2.splat(0);
      let k = 0;
      for (; k + 2 <= count; k += 2) {
        const pair = f64x2.promote_low_f32x4(v128.load64_zero(first + <usize>(k << 2)));
        sums = f64x2.add(sums, f64x2.mul(pair, v128.load(own + <usize>(k << 3))));
      }
      let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
      if (k < count) sum += <f64>load<f32>(first + <usize>(k << 2)) * load<f64>(own + <usize>(k << 3));
      store<f32>(out + <usize>(i << 2), <f32>sum);
    }
    input += <usize>(width << 2);
    out += <usize>(outputWidth << 2);
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
  for (let i = 0; i < outputHeight; i++) {
    const first = input + <usize>((load<i32>(starts + <usize>(i << 2)) * width) << 3);
    const own = weights + <usize>((i * taps) << 3);
    const count = load<i32>(counts + <usize>(i << 2));
    for (let column = 0; column < width; column += 2) {
      let sums = f64x2.splat(0);
      let place = first + <usize>(column << 3);
      for (let k = 0; k < count; k++) {
        sums = f64x2.add(sums, f64x2.mul(v128.load(place), v128.load64_splat(own + <usize>(k << 3))));
        place += <usize>(width << 3);
      }
      const rounded = f64x2.floor(f64x2.add(sums, f64x2.splat(0.5)));
      const whole = i32x4.trunc_sat_f64x2_s_zero(f64x2.min(f64x2.max(rounded, f64x2.splat(0)), f64x2.splat(65535)));
      v128.store32_lane(out + <usize>(column << 1), i16x8.narrow_i32x4_u(whole, whole), 0);
    }
    out += <usize>(width << 1);
  }
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
  for (let i = 0; i < outputHeight; i++) {
    const first = input + <usize>((load<i32>(starts + <usize>(i << 2)) * width) << 2);
    const own = weights + <usize>((i * taps) << 3);
    const count = load<i32>(counts + <usize>(i << 2));
    for (let column = 0; column < width; column += 2) {
      let sums = f64x2.splat(0);
      let place = first + <usize>(column << 2);
      for (let k = 0; k < count; k++) {
        const pair = f64x2.promote_low_f32x4(v128.load64_zero(place));
        sums = f64x2.add(sums, f64x2.mul(pair, v128.load64_splat(own + <usize>(k << 3))));
        place += <usize>(width << 2);
      }
      v128.store64_lane(out + <usize>(column << 2), f32x4.demote_f64x2_zero(sums), 0);
    }
    out += <usize>(width << 2);
  }
}
