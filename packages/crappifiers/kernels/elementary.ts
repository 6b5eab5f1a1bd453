/**
 * Exponential and logarithm from additions, multiplications, divisions and bit patterns alone, which IEEE 754 fixes to
 * the last bit. An engine's own may differ from another's in that bit, and so change an accepted sample.
 */

const LN2_HIGH: f64 = 0.6931471803691238; // its lower 21 bits are zero: multiples up to 2²¹ are exact
const LN2_LOW: f64 = 1.9082149292705877e-10;
const SQRT_TWO: f64 = Math.SQRT2;
const EXPONENT_BIAS: i32 = 1023;

/** Taylor's coefficients 1/14!, 1/13! … 1/0!. */
const exponential: usize = memory.data(15 * 8, 8);
for (let n = 0, factorial: f64 = 1; n < 15; n++) {
  if (n > 0) factorial *= <f64>n;
  store<f64>(exponential + ((14 - n) << 3), 1.0 / factorial);
}

/** 2 to the power of n, for −1022 ≤ n ≤ 1023. */
function power(n: i32): f64 {
  return reinterpret<f64>((<u64>(n + EXPONENT_BIAS)) << 52);
}

/** Natural logarithm of a positive normal number, within 2 units in the last place. */
export function log(x: f64): f64 {
  let exponent = <i32>(reinterpret<u64>(x) >>> 52) - EXPONENT_BIAS;
  let mantissa = reinterpret<f64>((reinterpret<u64>(x) & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (mantissa > SQRT_TWO) {
    mantissa *= 0.5;
    exponent += 1;
  }
  // ln m = 2·artanh(s), s = (m−1)/(m+1), |s| ≤ 0.172: the series of odd powers, to s²¹.
  const s = (mantissa - 1) / (mantissa + 1);
  const s2 = s * s;
  // The series is summed as two interleaved ones, which a processor works on side by side.
  const s4 = s2 * s2;
  const even = (((s4 * (1.0 / 19) + 1.0 / 15) * s4 + 1.0 / 11) * s4 + 1.0 / 7) * s4 + 1.0 / 3;
  const odd = (((s4 * (1.0 / 21) + 1.0 / 17) * s4 + 1.0 / 13) * s4 + 1.0 / 9) * s4 + 1.0 / 5;
  const series = even + s2 * odd;
  return <f64>exponent * LN2_HIGH + (2 * s + (2 * s * s2 * series + <f64>exponent * LN2_LOW));
}

/** e to the power of `x` for |x| ≤ 700, within 2 units in the last place. */
export function exp(x: f64): f64 {
  const twos = floor(x / (LN2_HIGH + LN2_LOW) + 0.5);
  const rest = x - twos * LN2_HIGH - twos * LN2_LOW;
  // Taylor's series for |rest| ≤ 0.347, to the 14th power.
  let series = load<f64>(exponential);
  for (let n = 1; n < 15; n++) series = series * rest + load<f64>(exponential + (n << 3));
  return series * power(<i32>twos);
}
