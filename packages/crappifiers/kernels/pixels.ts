/** Between a plane in float32, on which steps work, and pixels of an image's own data type. */

/** float32 from uint8. */
export function fromBytes(values: usize, pixels: usize, count: i32): void {
  let n = 0;
  for (; n + 4 <= count; n += 4) {
    v128.store(values + ((<usize>n) << 2), f32x4.convert_i32x4_u(fourBytes(pixels + n)));
  }
  for (; n < count; n++) store<f32>(values + ((<usize>n) << 2), <f32>load<u8>(pixels + n));
}

/** Four bytes as i32. */
export function fourBytes(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}

/** float32 from uint16. */
export function fromShorts(values: usize, pixels: usize, count: i32): void {
  let n = 0;
  for (; n + 4 <= count; n += 4) {
    const wide = i32x4.extend_low_i16x8_u(v128.load64_zero(pixels + ((<usize>n) << 1)));
    v128.store(values + ((<usize>n) << 2), f32x4.convert_i32x4_u(wide));
  }
  for (; n < count; n++) store<f32>(values + ((<usize>n) << 2), <f32>load<u16>(pixels + ((<usize>n) << 1)));
}

/** uint8 from float32: rounded half to even, as NumPy rounds, and held within the type; what is no number becomes 0. */
export function toBytes(pixels: usize, values: usize, count: i32): void {
  let n = 0;
  for (; n + 8 <= count; n += 8) {
    const at = values + ((<usize>n) << 2);
    const pair = i16x8.narrow_i32x4_s(whole(v128.load(at), 255), whole(v128.load(at, 16), 255));
    v128.store64_lane(pixels + n, i8x16.narrow_i16x8_u(pair, pair), 0);
  }
  for (; n < count; n++) {
    const value = v128.load32_splat(values + ((<usize>n) << 2));
    store<u8>(pixels + n, <u8>i32x4.extract_lane(whole(value, 255), 0));
  }
}

/** uint16 from float32, in the same way. */
export function toShorts(pixels: usize, values: usize, count: i32): void {
  let n = 0;
  for (; n + 8 <= count; n += 8) {
    const at = values + ((<usize>n) << 2);
    v128.store(
      pixels + ((<usize>n) << 1),
      i16x8.narrow_i32x4_u(whole(v128.load(at), 65535), whole(v128.load(at, 16), 65535)),
    );
  }
  for (; n < count; n++) {
    const value = v128.load32_splat(values + ((<usize>n) << 2));
    store<u16>(pixels + ((<usize>n) << 1), <u16>i32x4.extract_lane(whole(value, 65535), 0));
  }
}

/** Adding it rounds a float below 2²² to a whole number, halves to the even one, which its lower bits then are. */
const ROUNDER: f32 = 8388608; // 2²³

function whole(values: v128, largest: f32): v128 {
  // `pmax` gives its first operand where the other is no number.
  const held = f32x4.pmin(f32x4.splat(largest), f32x4.pmax(f32x4.splat(0), values));
  return i32x4.sub(f32x4.add(held, f32x4.splat(ROUNDER)), f32x4.splat(ROUNDER));
}

/** Holds every value between `low` and `high`; what is no number stays so. */
export function clip(values: usize, count: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  let n = 0;
  for (; n + 4 <= count; n += 4) {
    const at = values + ((<usize>n) << 2);
    // `pmax` and `pmin` take their first operand where the other is no number or it is none itself.
    v128.store(at, f32x4.pmin(f32x4.pmax(v128.load(at), lows), highs));
  }
  for (; n < count; n++) {
    const at = values + ((<usize>n) << 2);
    const value = load<f32>(at);
    store<f32>(at, value < low ? low : value > high ? high : value);
  }
}
