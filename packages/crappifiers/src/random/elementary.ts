/**
 * Exponential and logarithm from additions, multiplications, divisions and bit patterns alone, which IEEE 754 fixes to
 * the last bit. `Math.exp` and `Math.log` may differ between engines in that bit, and so change an accepted sample.
 */

const LN2_HIGH = 0.6931471803691238; // its lower 21 bits are zero: multiples up to 2²¹ are exact
const LN2_LOW = 1.9082149292705877e-10;
const SQRT_HALF = Math.sqrt(0.5);
const EXPONENT_BIAS = 1023;

/** Coefficients of the two series, from the highest power down: 1/21, 1/19 … 1/3 and 1/14!, 1/13! … 1/0!. */
const ARTANH = Float64Array.from({ length: 10 }, (_, n) => 1 / (21 - 2 * n));
const EXPONENTIAL = Float64Array.from({ length: 15 }, (_, n) => 1 / factorial(14 - n));

function factorial(n: number): number {
  return n === 0 ? 1 : n * factorial(n - 1);
}

const bits = new DataView(new ArrayBuffer(8));

/** Natural logarithm of a positive normal number, within 2 units in the last place. */
export function log(x: number): number {
  bits.setFloat64(0, x, true);
  const high = bits.getInt32(4, true);
  let exponent = (high >>> 20) - EXPONENT_BIAS;
  bits.setInt32(4, (high & 0x000fffff) | (EXPONENT_BIAS << 20), true);
  let mantissa = bits.getFloat64(0, true) / 2;
  exponent += 1;
  if (mantissa < SQRT_HALF) {
    mantissa *= 2;
    exponent -= 1;
  }
  // ln m = 2·artanh(s), s = (m−1)/(m+1), |s| ≤ 0.172: the series of odd powers, to s²¹.
  const s = (mantissa - 1) / (mantissa + 1);
  const s2 = s * s;
  let series = ARTANH[0]!;
  for (let n = 1; n < ARTANH.length; n++) series = series * s2 + ARTANH[n]!;
  return exponent * LN2_HIGH + (2 * s + (2 * s * s2 * series + exponent * LN2_LOW));
}

/** e to the power of `x` for |x| ≤ 700, within 2 units in the last place. */
export function exp(x: number): number {
  const power = Math.floor(x / (LN2_HIGH + LN2_LOW) + 0.5);
  const rest = x - power * LN2_HIGH - power * LN2_LOW;
  // Taylor's series for |rest| ≤ 0.347, to the 14th power.
  let series = EXPONENTIAL[0]!;
  for (let n = 1; n < EXPONENTIAL.length; n++) series = series * rest + EXPONENTIAL[n]!;
  bits.setInt32(0, 0, true);
  bits.setInt32(4, (power + EXPONENT_BIAS) << 20, true);
  return series * bits.getFloat64(0, true);
}
