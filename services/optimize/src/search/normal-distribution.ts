/** The standard normal distribution: density, distribution function, and numbers that follow it. */

export function density(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/**
 * Φ(x), within 1e-15 absolute: by the series of G. Marsaglia ("Evaluating the normal distribution", J. Stat. Softw. 11(4), 2004) near 0,
 * by Lentz's continued fraction of the tail (M. Abramowitz and I. A. Stegun, 1964, 26.2.14) beyond.
 */
export function distribution(x: number): number {
  if (x < -5) return tail(-x);
  if (x > 5) return 1 - tail(x);
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum) && k < 400; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + sum * density(x);
}

/** 1 − Φ(x) for x ≥ 5. */
function tail(x: number): number {
  let fraction = x;
  for (let k = 60; k >= 1; k--) fraction = x + k / fraction;
  return density(x) / fraction;
}

/** A number of the distribution, by G. E. P. Box and M. E. Muller. @param random From 0 to below 1. */
export function normalNumber(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
