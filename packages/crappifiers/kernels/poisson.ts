/**
 * Poisson numbers of any mean: below 10 by inversion, above by the transformed rejection PTRS of W. Hörmann, "The
 * transformed rejection method for generating Poisson random variables", Insurance: Mathematics and Economics 12, 1993,
 * and beyond a thousand million, where the two differ by less than 10⁻⁵ standard deviations, from the normal distribution.
 */
import { exp, log } from "./elementary";
import { normalFromWord } from "./normal";
import { moreWords } from "./threefry";
import { unit } from "./unit";

const SMALL: f64 = 10;
const HUGE: f64 = 1e9;

/**
 * The Poisson number of one pixel from two words; further words are needed where they are rejected (one case of seven). A mean of 0 or less, or not a number, gives 0.
 */
export function poissonFromWords(mean: f64, word0: u32, word1: u32, pixel: i32): f64 {
  if (!(mean > 0)) return 0;
  if (mean < SMALL) return byInversion(mean, word0, word1);
  if (mean > HUGE) return floor<f64>(mean + sqrt<f64>(mean) * normalFromWord(<i32>word0, pixel) + 0.5);
  const b = 0.931 + 2.53 * sqrt<f64>(mean);
  const a = 0.02483 * b - 0.059;
  const squeeze = 0.9277 - 3.6224 / (b - 2);
  let u = unit(word0) - 0.5;
  let v = unit(word1);
  let lane = 1;
  while (true) {
    const us = 0.5 - abs<f64>(u);
    const k = floor<f64>(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k >= 0 && (us >= 0.013 || v <= us)) {
      const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
      if (accepts((v * inverseAlpha) / (a / (us * us) + b), k, mean)) return k;
    }
    const more = moreWords(pixel, lane++);
    u = unit(load<u32>(more)) - 0.5;
    v = unit(load<u32>(more, 4));
  }
}

function byInversion(mean: f64, word0: u32, word1: u32): f64 {
  let rest = (<f64>(word0 >>> 5) * 67108864 + <f64>(word1 >>> 6) + 0.5) * 1.1102230246251565e-16; // 2²⁶, 2⁻⁵³
  let p = exp(-mean);
  let k: f64 = 0;
  // Rounding may leave a rest that no probability takes up; by then p has vanished.
  while (rest > p && p > 0) {
    rest -= p;
    k += 1;
    p *= mean / k;
  }
  return k;
}

/** 0! to 9!. */
const factorials: usize = memory.data<f64>([1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880]);
const TWO_PI: f64 = 6.283185307179586;

/**
 * Whether `height` is at most the probability of k, µᵏ·e⁻ᵘ/k!. From k = 10 on k! is Stirling's √(2πk)·(k/e)ᵏ·e^series,
 * with the first term left out below 10⁻¹²: written so, no large numbers are subtracted.
 */
function accepts(height: f64, k: f64, mean: f64): bool {
  if (k < 10) return log(height * load<f64>(factorials + ((<usize>k) << 3))) <= k * log(mean) - mean;
  const r = 1 / k;
  const r2 = r * r;
  const series = r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 / 1680)));
  return log(height * sqrt<f64>(TWO_PI * k)) <= k * log(mean * r) + (k - mean) - series;
}
