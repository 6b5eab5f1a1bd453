/**
 * Exponential and logarithm from additions, multiplications, divisions and bit patterns alone, which IEEE 754 fixes to
 * the last bit. `Math.exp` and `Math.log` may differ between engines in that bit, and so change an accepted sample.
 */

const LN2_HIGH = 0.6931471803691238; // its lower 21 bits are zero: multiples up to 2²¹ are exact
const LN2_LOW = 1.9082149292705877e-10;
const SQRT_TWO = Math.sqrt(2);
const EXPONENT_BIAS = 1023;

/** Taylor's coefficients from the highest power down: 1/14!, 1/13! … 1/0!. */
const EXPONENTIAL = Float64Array.from({ length: 15 }, (_, n) => 1 / factorial(14 - n));

function factorial(n: number): number {
  return n === 0 ? 1 : n * factorial(n - 1);
}

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);
/** Which half of a double holds sign and exponent on this machine: that of 1 is not zero. */
double[0] = 1;
const HIGH = halves[0] === 0 ? 1 : 0;

/** 2 to the power of n at n + EXPONENT_BIAS, for every normal n. */
const POWERS = new Float64Array(2 * EXPONENT_BIAS + 1).fill(1);
for (let n = 1; n <= EXPONENT_BIAS; n++) {
  POWERS[EXPONENT_BIAS + n] = POWERS[EXPONENT_BIAS + n - 1]! * 2;
  POWERS[EXPONENT_BIAS - n] = POWERS[EXPONENT_BIAS - n + 1]! / 2;
}

/** Natural logarithm of a positive normal number, within 2 units in the last place. */
export function log(x: number): number {
  double[0] = x;
  let exponent = (halves[HIGH]! >>> 20) - EXPONENT_BIAS;
  let mantissa = x * POWERS[EXPONENT_BIAS - exponent]!;
  if (mantissa > SQRT_TWO) {
    mantissa *= 0.5;
    exponent += 1;
  }
  // ln m = 2·artanh(s), s = (m−1)/(m+1), |s| ≤ 0.172: the series of odd powers, to s²¹.
  const s = (mantissa - 1) / (mantissa + 1);
  const s2 = s * s;
  // The series is summed as two interleaved ones, which a processor works on side by side.
  const s4 = s2 * s2;
  const even = (((s4 * (1 / 19) + 1 / 15) * s4 + 1 / 11) * s4 + 1 / 7) * s4 + 1 / 3;
  const odd = (((s4 * (1 / 21) + 1 / 17) * s4 + 1 / 13) * s4 + 1 / 9) * s4 + 1 / 5;
  const series = even + s2 * odd;
  return exponent * LN2_HIGH + (2 * s + (2 * s * s2 * series + exponent * LN2_LOW));
}

/** e to the power of `x` for |x| ≤ 700, within 2 units in the last place. */
export function exp(x: number): number {
  const power = Math.floor(x / (LN2_HIGH + LN2_LOW) + 0.5);
  const rest = x - power * LN2_HIGH - power * LN2_LOW;
  // Taylor's series for |rest| ≤ 0.347, to the 14th power.
  let series = EXPONENTIAL[0]!;
  for (let n = 1; n < EXPONENTIAL.length; n++) series = series * rest + EXPONENTIAL[n]!;
  return series * POWERS[power + EXPONENT_BIAS]!;
}
