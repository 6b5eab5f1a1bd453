/**
 * What a law lets expect of the variance in bins of pixels whose intensity is only known from the noisy pixels themselves: their
 * mean is cut off too, so the intensity that has this mean is looked for.
 */
import type { BinMoments } from "./binned-residuals.js";
import { type NoiseLaw, seenAt, type ValueRange } from "./noise-law.js";

export interface Expected {
  variance: number;
  /** Of the pixels without noise; less the offset. */
  intensity: number;
  /** Share of the pixels that are cut off. */
  cut: number;
}

/** Three places and weights that stand for a normal distribution of intensities (Gauss and Hermite). */
const NODES = [-Math.sqrt(3), 0, Math.sqrt(3)];
const WEIGHTS = [1 / 6, 2 / 3, 1 / 6];
const MOST_TURNS = 3;

/**
 * @param bin Of `moments`: mean of its pixels, and how these means vary beyond what noise does (`intensityVariances`).
 */
export function expectedOf(
  { intensities, intensityVariances }: BinMoments,
  bin: number,
  law: NoiseLaw,
  height: number,
  range: ValueRange,
): Expected {
  const mean = intensities[bin]!;
  const deviation = Math.sqrt(intensityVariances[bin]!);
  let intensity = mean - law.offset;
  for (let turn = 0; ; turn++) {
    let [seenMean, variance, cut] = [0, 0, 0];
    for (let n = 0; n < NODES.length; n++) {
      const at = Math.max(intensity + NODES[n]! * deviation, range.black);
      const seen = seenAt(at, law, height, range);
      seenMean += WEIGHTS[n]! * (at + seen.mean);
      variance += WEIGHTS[n]! * seen.variance;
      cut += WEIGHTS[n]! * seen.cut;
    }
    const miss = mean - seenMean;
    if (turn === MOST_TURNS || Math.abs(miss) < 1e-3 * Math.sqrt(variance)) return { variance, intensity, cut };
    intensity = Math.min(Math.max(intensity + miss / Math.max(1 - cut, 0.2), range.black), range.white);
  }
}
