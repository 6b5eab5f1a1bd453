/**
 * The photon transfer curve of noisy images beside (nearly) noise-free ones of the same field: variance and mean of the
 * differences by intensity (J. R. Janesick, "Photon Transfer", SPIE Press, 2007; with cut noise as A. Foi et al., IEEE Trans.
 * Image Process. 17, 2008).
 *
 *     const { camera } = photonTransfer([{ noisy, reference }], { black: 0, white: 255 });
 *     // camera.photons: { value: 198, low: 196, high: 201 }
 */
import type { Levels } from "@pssr/crappifiers";
import { refuse } from "../refuse.js";
import { meansAround } from "../statistics/means-around.js";
import { BinnedResiduals, type Residuals } from "./binned-residuals.js";
import { fitResiduals, type Measurement } from "./curve-fit.js";
import type { DetectorNoise } from "./detector-noise.js";
import { countHeight, leastVariance, seenAround, spreadOfVariance, type ValueRange, varianceAt } from "./noise-law.js";
import { checkPixels, checkPlane, checkSameSize, FEWEST_PIXELS, type Plane, valueRange } from "./planes.js";
import { type BootstrapOptions, tilingOf } from "./tile-bootstrap.js";

export interface NoisyPair {
  noisy: Plane;
  /** The same field, on the same grid. */
  reference: Plane;
}

export interface PhotonTransferOptions extends BootstrapOptions {
  /**
   * The references' own noise, in grey values, where it is known: it is taken off, and pixels go into bins by those around them, for
   * by their own they would be sorted by that noise.
   */
  referenceNoise?: { slope: number; variance: number };
}

/** A bin with more of its pixels cut off tells more of the law's tails than of its variance. */
const MOST_CUT = 0.6;

/**
 * @param levels What the numbers refer to, and where values are cut off.
 * @throws PssrError INVALID_FIELD with `pairs[i]…` or `levels` as the field: images of other sizes or without contrast, pixels
 *   that are no numbers, too few that are not cut off.
 */
export function photonTransfer(
  pairs: readonly NoisyPair[],
  levels: Levels,
  { referenceNoise, ...options }: PhotonTransferOptions = {},
): DetectorNoise {
  if (pairs.length === 0) throw refuse("pairs", "there are none; give at least one noisy image and its reference");
  pairs.forEach(({ noisy, reference }, n) => {
    checkPlane(noisy, `pairs[${n}].noisy`);
    checkPixels(reference, `pairs[${n}].reference`);
    checkSameSize(noisy, reference, `pairs[${n}]`);
  });
  const range = valueRange(
    levels,
    pairs.map(({ noisy }) => noisy),
    pairs.map(({ reference }) => reference),
  );
  const planes = pairs.map((pair) => residualsOf(pair, range, referenceNoise !== undefined));
  const binned = new BinnedResiduals(planes, tilingOf(planes));
  if (binned.pixels < FEWEST_PIXELS) {
    throw refuse(
      "pairs",
      `${binned.pixels} pixels of the references lie between ${range.low} and ${range.high}, where nothing is cut off; at least ${FEWEST_PIXELS} are needed: give more images, or levels that fit them`,
    );
  }
  if (binned.bins < 2) {
    throw refuse(
      "pairs",
      "the references show one intensity only: how noise depends on it cannot be told; give images that show something",
    );
  }
  const own = { slope: 0, variance: 0, ...referenceNoise, offset: 0 };
  const knownVariance = (intensity: number) => Math.max(varianceAt(intensity, own, range), 0);
  const measurement: Measurement = {
    numbersPerBin: 2,
    areDifferences: false,
    knownVariance,
    numbersOf: ({ means, variances }) => interleaved(means, variances),
    predictor:
      ({ counts, intensities, intensityVariances }, counting) =>
      (law) => {
        const height = countHeight(law, counting, range);
        const values = new Float64Array(2 * counts.length);
        const uncertainties = new Float64Array(2 * counts.length).fill(Infinity);
        for (let b = 0; b < counts.length; b++) {
          const known = knownVariance(intensities[b]!);
          // What the references' noise adds to their spread is no structure.
          const structure = Math.max(intensityVariances[b]! - known, 0);
          const seen = seenAround(intensities[b]!, structure, law, height, range);
          const variance = seen.variance + known;
          values[2 * b] = seen.mean;
          values[2 * b + 1] = variance;
          if (counts[b]! < 2 || seen.cut > MOST_CUT) continue;
          uncertainties[2 * b] = Math.max(variance, leastVariance(range)) / counts[b]!;
          uncertainties[2 * b + 1] = spreadOfVariance(variance, intensities[b]!, law, height, range) / counts[b]!;
        }
        return { values, variances: uncertainties };
      },
  };
  return fitResiduals(binned, measurement, range, undefined, options);
}

/** Where a reference is cut off itself, its intensity is not known. */
function residualsOf({ noisy, reference }: NoisyPair, { low, high }: ValueRange, isNoisy: boolean): Residuals {
  const { height, width } = noisy;
  const intensities = Float32Array.from(reference.values);
  const keys = isNoisy ? meansAround(intensities, height, width) : intensities;
  return {
    height,
    width,
    keys: keys.map((key, n) => (intensities[n]! > low && intensities[n]! < high ? key : Number.NaN)),
    intensities,
    residuals: intensities.map((intensity, n) => noisy.values[n]! - intensity),
  };
}

function interleaved(first: Float64Array, second: Float64Array): Float64Array {
  const all = new Float64Array(2 * first.length);
  for (let n = 0; n < first.length; n++) {
    all[2 * n] = first[n]!;
    all[2 * n + 1] = second[n]!;
  }
  return all;
}
