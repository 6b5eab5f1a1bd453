/**
 * How well simulated tiles agree with real ones that nothing was fitted to. Real tiles are split in halves again and again: how far
 * the real tiles of one half are from the simulated ones of the other, relative to how far they are from the real ones of the
 * other. Fields differ in both alike, so that 1 says that simulated tiles could be real ones.
 */
import { type FeatureTerms, type NoiseDistance, NoiseFeatures, totalOf } from "../statistics/noise-features.js";
import type { TileStatistics } from "../statistics/tile-statistics.js";
import { studentQuantile } from "./bootstrap-interval.js";
import type { Goodness } from "./fit-outcome.js";

/**
 * Of five, an interval of 95 % holds what it should in nine of ten cases, of four in eight: one of the halves that are left of them
 * without one tile is a single tile, which does not tell how tiles differ.
 */
export const FEWEST_HELD_OUT = 6;
/** Splits, whatever the number of tiles. */
const SPLITS = 60;
/**
 * Distances of noise that can be seen are larger, by luck alone. Where real tiles differ by less, their noise is far below a grey
 * value or there is none, and whatever is simulated would be endlessly often as far away, or not comparable at all.
 */
const LEAST_DISTANCE = 0.25;
const terms: readonly (keyof FeatureTerms)[] = ["profile", "intensity", "spectrum", "tiles"];

/**
 * @param real At least FEWEST_HELD_OUT, and as many simulated ones.
 * @param random From 0 to below 1.
 * @returns The ratios with an interval by the jackknife over tiles (B. Efron and C. Stein, Ann. Stat. 9, 1981).
 */
export function goodnessOfFit(
  real: readonly TileStatistics[],
  simulated: readonly TileStatistics[],
  random: () => number,
): Omit<Goodness, "templateRatio"> {
  const features = new NoiseFeatures(real);
  const count = Math.min(real.length, simulated.length);
  const splits = Array.from({ length: SPLITS }, () => halves(count, random));
  const whole = ratios(features, real, simulated, splits);
  const without = Array.from({ length: count }, (_, left) => {
    const rest = splits.map((half) => half.map((one, n) => (n === left ? -1 : one)));
    return Math.log(ratios(features, real, simulated, rest).total);
  });
  const mean = without.reduce((sum, one) => sum + one, 0) / count;
  const variance = (without.reduce((sum, one) => sum + (one - mean) ** 2, 0) * (count - 1)) / count;
  const factor = Math.exp(studentQuantile(count - 1) * Math.sqrt(variance));
  return { ratio: whole.total, low: whole.total / factor, high: whole.total * factor, terms: whole.terms };
}

/** For each tile the half that it belongs to; halves of equal size, or nearly. */
function halves(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, n) => ({ n, at: random() })).sort((a, b) => a.at - b.at);
  const half = new Array<number>(count).fill(1);
  for (const { n } of order.slice(0, count >> 1)) half[n] = 0;
  return half;
}

function ratios(
  features: NoiseFeatures,
  real: readonly TileStatistics[],
  simulated: readonly TileStatistics[],
  splits: readonly (readonly number[])[],
): { total: number; terms: NoiseDistance } {
  const toSimulated: NoiseDistance[] = [];
  const toReal: NoiseDistance[] = [];
  for (const split of splits) {
    const times = (half: number, length: number) =>
      Float64Array.from({ length }, (_, n) => (split[n] === half ? 1 : 0));
    const of = (tiles: readonly TileStatistics[], half: number) => features.of(tiles, times(half, tiles.length));
    const [first, second] = [of(real, 0), of(real, 1)];
    toReal.push(features.distance(first, second));
    toSimulated.push(features.distance(first, of(simulated, 1)), features.distance(second, of(simulated, 0)));
  }
  const [far, near] = [meanOf(toSimulated), meanOf(toReal)];
  return { total: totalOf(far) / totalOf(near), terms: byTerm((term) => far[term] / near[term]) };
}

function meanOf(distances: readonly NoiseDistance[]): NoiseDistance {
  return byTerm((term) => {
    const mean = distances.reduce((sum, distance) => sum + distance[term], 0) / distances.length;
    return Math.max(mean, LEAST_DISTANCE);
  });
}

function byTerm(of: (term: keyof FeatureTerms) => number): NoiseDistance {
  return Object.fromEntries(terms.map((term) => [term, of(term)])) as NoiseDistance;
}
