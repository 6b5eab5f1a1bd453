/**
 * PSSR2's objective (pssr 2.4, `approximate_crappifier`): for each tile the mean square of the differences of the two histograms
 * of noise over the squared width of the tile, plus the absolute difference of their means; the mean over all tiles. Its noise
 * is in grey values of 8 bits.
 */
import { PROFILE_BINS, type TileStatistics } from "../statistics/tile-statistics.js";

/** Its histogram has a bin less, from −256 to below 255. */
const BINS = PROFILE_BINS - 1;

/** What counting alone leaves of it between square tiles with the same noise. */
export const PROFILE_LUCK = 2 / BINS;

/** @param width Of a low-resolution tile. */
export function profileObjective(
  real: readonly TileStatistics[],
  simulated: readonly TileStatistics[],
  width: number,
): number {
  const losses = real.map((tile, n) => {
    const other = simulated[n]!;
    let squares = 0;
    for (let bin = 0; bin < BINS; bin++) squares += (tile.profile[bin]! - other.profile[bin]!) ** 2;
    return squares / BINS / width ** 2 + Math.abs(meanDifference(tile) - meanDifference(other));
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

function meanDifference({ sums, pixels }: TileStatistics): number {
  return sums.reduce((sum, one) => sum + one, 0) / pixels;
}
