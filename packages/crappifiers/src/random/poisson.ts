/**
 * Poisson numbers of any mean: below 10 by inversion, above by the transformed rejection PTRS of W. Hörmann, "The
 * transformed rejection method for generating Poisson random variables", Insurance: Mathematics and Economics 12, 1993,
 * and beyond a thousand million, where the two differ by less than 10⁻⁵ standard deviations, from the normal distribution.
 */
import { exp, log } from "./elementary.js";
import { type NoiseStream, unit } from "./noise-stream.js";
import { normalFromWord } from "./normal.js";

const SMALL = 10;
const HUGE = 1e9;

/** Words of lane 0 that a Poisson number begins with. */
export const WORDS_PER_POISSON = 2;

/**
 * The Poisson number of one pixel from two words of lane 0; `stream` gives more when they are rejected (one case of
 * seven). A mean of 0 or less, or not a number, gives 0.
 */
export function poissonFromWords(
  mean: number,
  word0: number,
  word1: number,
  stream: NoiseStream,
  pixel: number,
): number {
  if (!(mean > 0)) return 0;
  if (mean < SMALL) return byInversion(mean, word0, word1);
  if (mean > HUGE) return Math.floor(mean + Math.sqrt(mean) * normalFromWord(word0, stream, pixel) + 0.5);
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = 0.02483 * b - 0.059;
  const squeeze = 0.9277 - 3.6224 / (b - 2);
  let u = unit(word0) - 0.5;
  let v = unit(word1);
  for (let lane = 1; ; lane++) {
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k >= 0 && (us >= 0.013 || v <= us)) {
      const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
      if (accepts((v * inverseAlpha) / (a / (us * us) + b), k, mean)) return k;
    }
    const more = stream.more(pixel, lane);
    u = unit(more[0]!) - 0.5;
    v = unit(more[1]!);
  }
}

function byInversion(mean: number, word0: number, word1: number): number {
  let rest = ((word0 >>> 5) * 2 ** 26 + (word1 >>> 6) + 0.5) * 2 ** -53;
  let p = exp(-mean);
  let k = 0;
  // Rounding may leave a rest that no probability takes up; by then p has vanished.
  while (rest > p && p > 0) {
    rest -= p;
    k++;
    p *= mean / k;
  }
  return k;
}

/** 0! to 9!. */
const FACTORIALS = Float64Array.of(1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880);
const TWO_PI = 6.283185307179586;

/**
 * Whether `height` is at most the probability of k, µᵏ·e⁻ᵘ/k!. From k = 10 on k! is Stirling's √(2πk)·(k/e)ᵏ·e^series,
 * with the first term left out below 10⁻¹²: written so, no large numbers are subtracted.
 */
function accepts(height: number, k: number, mean: number): boolean {
  if (k < FACTORIALS.length) return log(height * FACTORIALS[k]!) <= k * log(mean) - mean;
  const r = 1 / k;
  const r2 = r * r;
  const series = r * (1 / 12 - r2 * (1 / 360 - r2 * (1 / 1260 - r2 / 1680)));
  return log(height * Math.sqrt(TWO_PI * k)) <= k * log(mean * r) + (k - mean) - series;
}
