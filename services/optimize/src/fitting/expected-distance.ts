/**
 * What the distance of real from simulated tiles is by chance alone, however strong the noise is and whether pixels, rows or few pixels
 * have it. Of the two halves of the tiles each shows what real ones differ from simulated ones by: what both show alike is no chance,
 * and by what they differ there is as much chance in the whole.
 */
import { type NoiseFeatures, totalOf } from "../statistics/noise-features.js";
import type { TileStatistics } from "../statistics/tile-statistics.js";
import { differenceOf } from "./vectors.js";

export interface TwoSets {
  real: readonly TileStatistics[];
  simulated: readonly TileStatistics[];
  /** Whether simulated tiles are of the same fields as the real ones. */
  isPaired: boolean;
}

const HALVINGS = 40;
/** Of either: fewer have no halves that differ as tiles do. */
const FEWEST_TILES = 4;

/** @param random From 0 to below 1. Undefined for few tiles. */
export function expectedDistance(
  features: NoiseFeatures,
  { real, simulated, isPaired }: TwoSets,
  random: () => number,
): number | undefined {
  if (Math.min(real.length, simulated.length) < FEWEST_TILES) return undefined;
  let sum = 0;
  for (let n = 0; n < HALVINGS; n++) {
    const ofReal = halving(real.length, random);
    const ofSimulated = isPaired ? ofReal : halving(simulated.length, random);
    const [one, other] = ofReal.map((times, half) =>
      differenceOf(features.of(real, times), features.of(simulated, ofSimulated[half]!)),
    );
    sum += totalOf(features.distance(one!, other!));
  }
  // Each half varies by twice as much as the whole, and so their difference by four times.
  return sum / HALVINGS / 4;
}

/** How often each tile counts in one half and in the other. */
function halving(tiles: number, random: () => number): [Float64Array, Float64Array] {
  const order = Array.from({ length: tiles }, (_, n) => n);
  for (let n = tiles - 1; n > 0; n--) {
    const other = Math.floor(random() * (n + 1));
    [order[n], order[other]] = [order[other]!, order[n]!];
  }
  const one = new Float64Array(tiles);
  for (const n of order.slice(0, Math.floor(tiles / 2))) one[n] = 1;
  return [one, one.map((times) => 1 - times)];
}
