/** What was compared of tiles held back, as curves to be drawn, and a part of one of them to be looked at. */

import { bandsOf } from "../statistics/frequency-bands.js";
import { PROFILE_BINS, pooled, type TileStatistics } from "../statistics/tile-statistics.js";
import type { Comparison } from "./fit-outcome.js";
import type { GreyTile, TileSet } from "./fit-problem.js";
import { inUnits } from "./tile-meter.js";

/** Side of the part, low-resolution pixels. */
const CROP = 128;

/** @param low The set's first high-resolution tile, simulated. */
export function compare(
  set: TileSet,
  real: readonly TileStatistics[],
  simulated: readonly TileStatistics[],
  low: GreyTile,
): Comparison {
  const [one, other] = [pooled(real), pooled(simulated)];
  const share = ({ profile, pixels }: TileStatistics, bin: number) => profile[bin]! / pixels;
  const bins = [...Array(PROFILE_BINS).keys()];
  const seen = bins.filter((bin) => one.profile[bin]! + other.profile[bin]! > 0);
  const [first, last] = [seen[0] ?? 0, seen.at(-1) ?? -1];
  const moments = ({ counts, sums, squares }: TileStatistics, bin: number) => {
    const mean = sums[bin]! / counts[bin]!;
    return { mean, variance: squares[bin]! / counts[bin]! - mean ** 2 };
  };
  const tile = set.real[0]!;
  return {
    profile: bins.slice(first, last + 1).map((bin) => ({
      difference: bin - PROFILE_BINS / 2,
      real: share(one, bin),
      simulated: share(other, bin),
    })),
    intensity: [...one.counts.keys()]
      .filter((bin) => one.counts[bin]! > 1 && other.counts[bin]! > 1)
      .map((bin) => {
        const [a, b] = [moments(one, bin), moments(other, bin)];
        return {
          intensity: one.intensities[bin]! / one.counts[bin]!,
          realMean: a.mean,
          simulatedMean: b.mean,
          realVariance: a.variance,
          simulatedVariance: b.variance,
        };
      }),
    spectrum: bandsOf(one.power.length)
      .map((band, n) => ({
        ...band,
        real: one.power[n]! / one.frequencies[n]!,
        simulated: other.power[n]! / other.frequencies[n]!,
      }))
      .filter((_, n) => one.frequencies[n]! > 0 && other.frequencies[n]! > 0),
    real: cropped(tile),
    simulated: cropped(inLevelsOf(low, tile)),
  };
}

/** The same intensities on another scale of grey values: so that both parts can be shown alike. */
function inLevelsOf(low: GreyTile, { levels, dtype }: GreyTile): GreyTile {
  const { black, white } = low.levels;
  if (black === levels.black && white === levels.white && low.dtype === dtype) return low;
  const grey = inUnits(low).map((units) => levels.black + (units * (levels.white - levels.black)) / 255);
  if (dtype === "float32") return { ...low, dtype, levels, values: grey };
  const most = dtype === "uint8" ? 255 : 65535;
  const held = grey.map((value) => Math.min(Math.max(Math.round(value), 0), most));
  return { ...low, dtype, levels, values: dtype === "uint8" ? Uint8Array.from(held) : Uint16Array.from(held) };
}

/** The middle of a tile. */
function cropped(tile: GreyTile): GreyTile {
  const [height, width] = [Math.min(tile.height, CROP), Math.min(tile.width, CROP)];
  const [top, left] = [(tile.height - height) >> 1, (tile.width - width) >> 1];
  const values = tile.values.slice(0, height * width);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * tile.width + left;
    values.set(tile.values.subarray(from, from + width), y * width);
  }
  return { ...tile, height, width, values };
}
