/** Intervals of a bootstrap over few tiles. */
import { quantile } from "../statistics/quantile.js";

/** Two-sided, 95 %. */
const NORMAL = 1.959964;

/**
 * The percentile interval of the samples of a bootstrap (B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993,
 * ch. 13).
 *
 * @param samples At least one.
 */
export function centralInterval(samples: readonly number[]): { low: number; high: number } {
  const sorted = Float64Array.from(samples).sort();
  return { low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
}

/**
 * How many times wider than a bootstrap says: as Student's distribution is wider than the normal one, and as the variance of few
 * tiles is smaller than that of all. One tile does not tell how tiles differ, and two hardly do: half of all draws of two have both.
 */
export function wideningOf(tiles: number): number {
  if (tiles < 3) return Number.POSITIVE_INFINITY;
  return (studentQuantile(tiles - 1) / NORMAL) * Math.sqrt(tiles / (tiles - 1));
}

/** Of 97.5 %, by Cornish and Fisher's expansion (M. Abramowitz and I. A. Stegun, 26.7.5), within 0.1 % from 3 degrees on. */
export function studentQuantile(freedom: number): number {
  // Exact, where the expansion is far off.
  if (freedom === 1) return Math.tan(0.475 * Math.PI);
  if (freedom === 2) return 0.95 * Math.sqrt(2 / (1 - 0.95 ** 2));
  const z = NORMAL;
  return (
    z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3) +
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / (92160 * freedom ** 4)
  );
}
