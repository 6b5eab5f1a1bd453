/**
 * From differences in bins to the noise of the detector: outliers left out, both laws of counting fitted, the better one taken,
 * intervals from a bootstrap over tiles. What a law predicts of a bin is the business of whoever measured the differences.
 */
import type { BinMoments, BinnedResiduals } from "./binned-residuals.js";
import { type CurvePoint, type DetectorNoise, noiseTerms } from "./detector-noise.js";
import { type Free, fitLaw, type LawFit, type Predict } from "./law-fit.js";
import { type Counting, countHeight, type NoiseLaw, type ValueRange, varianceAt } from "./noise-law.js";
import { type BootstrapOptions, draws } from "./tile-bootstrap.js";

/** How a way of measuring sees a law. */
export interface Measurement {
  /** What is compared of bins: as many numbers for each, bin by bin. The last of each is its variance. */
  numbersOf(moments: BinMoments): Float64Array;
  /** What a law lets expect of them. */
  predictor(moments: BinMoments, counting: Counting): Predict;
  numbersPerBin: number;
  /** Whether residuals are differences of two noisy values, about 0, or a noisy value's from its intensity. */
  areDifferences: boolean;
  /** Variance of what is known to be in the residuals beside the law, by intensity. Default: none. */
  knownVariance?(intensity: number): number;
}

/** Deviations from the law's mean beyond which a pixel is no noise of the detector. */
const OUTLIER = 6;
/** A law of two noises has to be better by so much than one of either: what χ² of one degree exceeds once in a thousand times. */
const WORTH_A_SECOND = 10.8;
/** By what sum of squares PSSR2's mix has to describe the dark better than a camera does. */
const PREFERENCE = 2;
/** By how much more either is out of the question. */
const UNDECIDED = 10;
const ROUNDS = 3;

/** @param knownOffset What the mean lies above the intensity, where that is not to be found. */
export function fitResiduals(
  binned: BinnedResiduals,
  measurement: Measurement,
  range: ValueRange,
  knownOffset: number | undefined,
  options: BootstrapOptions,
): DetectorNoise {
  const free: Free = { slope: true, variance: true, offset: knownOffset === undefined };
  let law = firstLaw(binned.trimmed(), range, knownOffset);
  let sums = binned.sums();
  for (let round = 0; round < ROUNDS; round++) {
    const [lowest, highest] = limitsOf(sums.moments(), law, range, measurement);
    sums = binned.sums(lowest, highest);
    law = fitsOf(sums.moments(), measurement, law, free)[0]!.fit.law;
  }
  const samples = function* () {
    for (const times of draws(sums.tiles, options)) yield sums.moments(times);
  };
  return fitMoments(sums.moments(), samples(), measurement, range, law, free);
}

/**
 * @param samples The same moments of other samples, for the intervals.
 * @param start A law that is not far off.
 */
export function fitMoments(
  moments: BinMoments,
  samples: Iterable<BinMoments>,
  measurement: Measurement,
  range: ValueRange,
  start: NoiseLaw,
  free: Free,
): DetectorNoise {
  const { numbersPerBin } = measurement;
  const found = fitsOf(moments, measurement, start, free);
  const fits = found.flatMap(({ predict, fit }) => {
    const simple = simplest(fit, predict, measurement.numbersOf(moments), free);
    return simple === undefined ? [fit] : [simple, fit];
  });
  const others = fits.map((): NoiseLaw[] => []);
  const shares = new Float64Array(numbersPerBin * moments.counts.length);
  const { law } = fits[0]!;
  for (const drawn of samples) {
    const numbers = measurement.numbersOf(drawn);
    for (let bin = 0; bin < moments.counts.length; bin++) {
      const share = drawn.counts[bin]! / Math.max(moments.counts[bin]!, 1);
      shares.fill(share, bin * numbersPerBin, (bin + 1) * numbersPerBin);
      // A sample's bins lie at intensities that are a little different.
      numbers[(bin + 1) * numbersPerBin - 1]! -= law.slope * (drawn.intensities[bin]! - moments.intensities[bin]!);
    }
    fits.forEach((one, n) => {
      others[n]!.push(one.nearby(numbers, shares));
    });
  }
  const { counting, predict, fit } = found[0]!;
  const expected = predict(law).values;
  const curve = Array.from(
    moments.counts,
    (pixels, bin): CurvePoint => ({
      intensity: moments.intensities[bin]!,
      pixels,
      variance: moments.variances[bin]!,
      expected: expected[(bin + 1) * numbersPerBin - 1]!,
    }),
  ).filter(({ pixels }) => pixels > 1);
  return { ...noiseTerms(law, others, range), counting, misfit: fit.misfit, curve };
}

interface Found {
  counting: Counting;
  predict: Predict;
  fit: LawFit;
}

/** By the law of counting, the likelier first; the other one only where the data do not speak against it. */
function fitsOf(moments: BinMoments, measurement: Measurement, start: NoiseLaw, free: Free): Found[] {
  const [camera, mix] = (["camera", "mix"] as const).map((counting): Found & { total: number } => {
    const predict = measurement.predictor(moments, counting);
    const fit = fitLaw(predict, measurement.numbersOf(moments), start, free);
    return { counting, predict, fit, total: fit.total };
  });
  const better = (camera!.total - mix!.total) / Math.max(1, Math.min(camera!.fit.misfit, mix!.fit.misfit));
  // Where they agree to the last digits, nothing is cut off, and one is enough.
  if (Math.abs(better) < 1e-3) return [camera!];
  const ordered = better > PREFERENCE ? [mix!, camera!] : [camera!, mix!];
  return ordered.filter((_, n) => n === 0 || Math.abs(better) < UNDECIDED);
}

/**
 * Photon noise alone, or reading noise alone, where the data do not speak against it: in images of little contrast the two can
 * hardly be told apart, and some of each would be found where there is only one.
 */
function simplest(
  { law, misfit, worse }: LawFit,
  predict: Predict,
  measured: Float64Array,
  free: Free,
): LawFit | undefined {
  const [best] = (["variance", "slope"] as const)
    .map((without) => {
      const fit = fitLaw(predict, measured, { ...law, [without]: 0 }, { ...free, [without]: false });
      return { fit, cost: worse(fit.law) };
    })
    .sort((a, b) => a.cost - b.cost);
  return best!.cost < WORTH_A_SECOND * Math.max(misfit, 1) ? best!.fit : undefined;
}

/** A straight line through variances by intensity, without a thought of what is cut off. */
export function firstLaw(moments: BinMoments, { black }: ValueRange, knownOffset: number | undefined): NoiseLaw {
  const { counts, intensities, variances, means } = moments;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const offset = knownOffset ?? means.reduce((sum, mean, b) => sum + counts[b]! * mean, 0) / total;
  // A known offset is part of the intensities then.
  const zero = black + (knownOffset ?? 0);
  let [x, y, xx, xy] = [0, 0, 0, 0];
  for (let b = 0; b < counts.length; b++) {
    const at = Math.max(intensities[b]! - zero, 0);
    const share = counts[b]! / total;
    x += share * at;
    y += share * variances[b]!;
    xx += share * at ** 2;
    xy += share * at * variances[b]!;
  }
  const spread = xx - x ** 2;
  const slope = spread > 0 ? (xy - x * y) / spread : 0;
  const variance = y - slope * x;
  if (slope >= 0 && variance >= 0) return { slope, variance, offset };
  return slope < 0 ? { slope: 0, variance: y, offset } : { slope: xx > 0 ? xy / xx : 0, variance: 0, offset };
}

/** Counted noise is skewed: its upper tail is longer (E. A. Cornish and R. A. Fisher, 1938), and both are of differences. */
function limitsOf(
  { intensities }: BinMoments,
  law: NoiseLaw,
  range: ValueRange,
  { areDifferences, knownVariance = () => 0 }: Measurement,
): [lowest: Float64Array, highest: Float64Array] {
  const height = Math.max(law.slope, countHeight(law, "mix", range));
  const tail = (height * (OUTLIER ** 2 - 1)) / 6;
  const reaches = intensities.map((intensity) => {
    const signal = areDifferences ? intensity - law.offset : intensity;
    return OUTLIER * Math.sqrt(varianceAt(signal, law, range) + knownVariance(intensity) + range.step ** 2);
  });
  const centre = areDifferences ? 0 : law.offset;
  return [
    reaches.map((reach) => centre - reach - (areDifferences ? tail : 0)),
    reaches.map((reach) => centre + reach + tail),
  ];
}
