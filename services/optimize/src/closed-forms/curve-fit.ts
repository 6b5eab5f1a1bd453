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
  /** What is compared of bins: as many numbers for each, bin by bin. */
  numbersOf(moments: BinMoments): Float64Array;
  /** What a law lets expect of them. `variances` is the last number of each bin. */
  predictor(moments: BinMoments, counting: Counting): Predict;
  numbersPerBin: number;
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

export function fitCurve(
  binned: BinnedResiduals,
  measurement: Measurement,
  range: ValueRange,
  hasOffset: boolean,
  options: BootstrapOptions,
): DetectorNoise {
  const free: Free = { slope: true, variance: true, offset: hasOffset };
  let law = firstLaw(binned.trimmed(), range, hasOffset);
  let sums = binned.sums();
  let found: Found[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [lowest, highest] = limitsOf(sums.moments(), law, range);
    sums = binned.sums(lowest, highest);
    found = fitsOf(sums.moments(), measurement, law, free);
    law = found[0]!.fit.law;
  }
  const moments = sums.moments();
  const shares = new Float64Array(measurement.numbersPerBin * sums.bins);
  const fits = found.flatMap(({ predict, fit }) => {
    const simple = simplest(fit, predict, measurement.numbersOf(moments), free);
    return simple === undefined ? [fit] : [simple, fit];
  });
  const others = fits.map((): NoiseLaw[] => []);
  for (const times of draws(sums.tiles, options)) {
    const drawn = sums.moments(times);
    for (let n = 0; n < shares.length; n++) {
      const bin = Math.floor(n / measurement.numbersPerBin);
      shares[n] = drawn.counts[bin]! / Math.max(moments.counts[bin]!, 1);
    }
    fits.forEach((one, n) => {
      others[n]!.push(one.nearby(measurement.numbersOf(drawn), shares));
    });
  }
  law = fits[0]!.law;
  const { counting, predict, fit } = found[0]!;
  const expected = predict(law).values;
  const curve = Array.from(
    moments.counts,
    (pixels, bin): CurvePoint => ({
      intensity: moments.intensities[bin]!,
      pixels,
      variance: moments.variances[bin]!,
      expected: expected[(bin + 1) * measurement.numbersPerBin - 1]!,
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

/** A straight line through what is there without outliers, and without a thought of what is cut off. */
function firstLaw(trimmed: BinMoments, range: ValueRange, hasOffset: boolean): NoiseLaw {
  const { counts, intensities, variances, means } = trimmed;
  let [n, x, y, xx, xy, shift] = [0, 0, 0, 0, 0, 0];
  for (let b = 0; b < counts.length; b++) {
    const at = Math.max(intensities[b]! - range.black, 0);
    n += counts[b]!;
    x += counts[b]! * at;
    y += counts[b]! * variances[b]!;
    xx += counts[b]! * at ** 2;
    xy += counts[b]! * at * variances[b]!;
    shift += counts[b]! * means[b]!;
  }
  const offset = hasOffset ? shift / n : 0;
  const spread = xx * n - x ** 2;
  const slope = spread > 0 ? (xy * n - x * y) / spread : 0;
  const variance = (y - slope * x) / n;
  if (slope >= 0 && variance >= 0) return { slope, variance, offset };
  return slope < 0 ? { slope: 0, variance: y / n, offset } : { slope: xx > 0 ? xy / xx : 0, variance: 0, offset };
}

/** Counted noise is skewed: its upper tail is longer (E. A. Cornish and R. A. Fisher, 1938). */
function limitsOf(
  moments: BinMoments,
  law: NoiseLaw,
  range: ValueRange,
): [lowest: Float64Array, highest: Float64Array] {
  const height = Math.max(law.slope, countHeight(law, "mix", range));
  const reaches = moments.intensities.map(
    (intensity) => OUTLIER * Math.sqrt(varianceAt(intensity, law, range) + range.step ** 2),
  );
  return [
    reaches.map((reach) => law.offset - reach),
    reaches.map((reach) => law.offset + reach + (height * (OUTLIER ** 2 - 1)) / 6),
  ];
}
