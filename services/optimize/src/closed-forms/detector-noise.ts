/** The noise of a detector as numbers with intervals, in grey values and in the terms of the crappifier's steps. */
import { quantile } from "../statistics/quantile.js";
import type { Counting, NoiseLaw, ValueRange } from "./noise-law.js";

/** A number, and the interval that it lies in with a probability of 95 %. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** What was measured of pixels of about one intensity, in grey values. */
export interface CurvePoint {
  intensity: number;
  pixels: number;
  variance: number;
  /** The variance that the law gives, cut off and rounded as the pixels are. */
  expected: number;
}

export interface DetectorNoise {
  /** Variance per grey value above black. */
  slope: Estimate;
  /** Variance at black, grey values squared. */
  variance: Estimate;
  /** What the mean lies above the intensity, in grey values. */
  offset: Estimate;
  /** Which of the two laws of counting describes the dark better; where neither does, `camera`. */
  counting: Counting;
  /** Mean square of the deviations from the law in units of what they vary by: about 1 where it is the detector's. */
  misfit: number;
  curve: CurvePoint[];
  /** The same as a `camera` step with a gain of 1: photons at white, electrons, and 255ths of the range. */
  camera: { photons: Estimate; read_noise: Estimate; offset: Estimate };
  /** The same as a `poisson` step and a `gaussian` one after it. */
  poisson: { mix: Estimate };
  gaussian: { sigma: Estimate; mean: Estimate };
  /** Any other number of the law, with its interval. */
  estimate(of: (law: NoiseLaw) => number): Estimate;
}

/** The most that a `camera` can have, and noise of so many photons no image of 16 bits shows. */
const MOST_PHOTONS = 1e6;
/** The same of its read noise: beside so many electrons a photon more or less cannot be seen. */
const MOST_ELECTRONS = 1e4;

/**
 * The numbers of a law, with intervals from those of other samples.
 *
 * @param others What the same ways gave from other tiles of the same kind, one way after the other: intervals cover those of all.
 */
export function noiseTerms(
  law: NoiseLaw,
  others: readonly (readonly NoiseLaw[])[],
  { black, white }: ValueRange,
): Omit<DetectorNoise, "counting" | "misfit" | "curve"> {
  const range = white - black;
  const unit = range / 255;
  const estimate = (of: (law: NoiseLaw) => number) =>
    estimated(
      of(law),
      others.map((laws) => laws.map(of)),
    );
  const photons = ({ slope, variance }: NoiseLaw) =>
    Math.min(range / slope, MOST_PHOTONS, (MOST_ELECTRONS * range) / Math.sqrt(variance));
  const offset = estimate((one) => one.offset / unit);
  return {
    slope: estimate((one) => one.slope),
    variance: estimate((one) => one.variance),
    offset: estimate((one) => one.offset),
    camera: {
      photons: estimate(photons),
      read_noise: estimate((one) => (Math.sqrt(one.variance) * photons(one)) / range),
      offset,
    },
    poisson: { mix: estimate((one) => Math.sqrt(one.slope / unit)) },
    gaussian: { sigma: estimate((one) => Math.sqrt(one.variance) / unit), mean: offset },
    estimate,
  };
}

/** The percentile interval of a bootstrap (B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13). */
export function estimated(value: number, others: readonly (readonly number[])[]): Estimate {
  const ends = others.map((numbers) => {
    const sorted = Float64Array.from(numbers).sort();
    return [quantile(sorted, 0.025), quantile(sorted, 0.975)] as const;
  });
  return {
    value,
    low: Math.min(value, ...ends.map(([low]) => low)),
    high: Math.max(value, ...ends.map(([, high]) => high)),
  };
}
