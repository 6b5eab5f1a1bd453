/**
 * Poisson numbers of means beyond the table's, by the transformed rejection PTRS of W. Hörmann, "The transformed rejection method
 * for generating Poisson random variables", Insurance: Mathematics and Economics 12, 1993, and beyond a thousand million, where
 * the two differ by less than 10⁻⁵ standard deviations, from the normal distribution.
 */
import { log } from "./elementary";
import { normalFromWord } from "./normal";
import { moreWords } from "./threefry";
import { unit } from "./unit";

const HUGE: f64 = 1e9;

/**
 * The Poisson number of one pixel, of a mean of at least 512, from two words; further words are needed where they are rejected
 * (one case of seven).
 */
export function poissonFromWords(mean: f64, word0: u32, word1: u32, pixel: i32): f64 {
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
    // Fewer have no chance at such means; Stirling's series below would not hold for them.
    if (k >= 10 && (us >= 0.013 || v <= us)) {
      const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
      if (accepts((v * inverseAlpha) / (a / (us * us) + b), k, mean)) return k;
    }
    const more = moreWords(pixel, lane++);
    u = unit(load<u32>(more)) - 0.5;
    v = unit(load<u32>(more, 4));
  }
}

const TWO_PI: f64 = 6.283185307179586;

/**
 * Whether `height` is at most the probability of k ≥ 10, µᵏ·e⁻ᵘ/k!. k! is Stirling's √(2πk)·(k/e)ᵏ·e^series, with the first term
 * left out below 10⁻¹²: written so, no large numbers are subtracted.
 */
function accepts(height: f64, k: f64, mean: f64): bool {
  const r = 1 / k;
  const r2 = r * r;
  const series = r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 / 1680)));
  return log(height * sqrt<f64>(TWO_PI * k)) <= k * log(mean * r) + (k - mean) - series;
}
