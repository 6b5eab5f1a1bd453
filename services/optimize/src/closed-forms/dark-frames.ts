/** What a detector gives without light: its offset and read noise alone, from frames taken with the shutter closed. */
import type { Levels } from "@pssr/crappifiers";
import { refuse } from "../refuse.js";
import { BinnedResiduals, type Residuals } from "./binned-residuals.js";
import { type Estimate, estimated } from "./detector-noise.js";
import { fitLaw, type Predict } from "./law-fit.js";
import { leastVariance, type NoiseLaw, seenAt, type ValueRange } from "./noise-law.js";
import { checkPixels, checkSameSize, FEWEST_PIXELS, type Plane, valueRange } from "./planes.js";
import { type BootstrapOptions, draws, tilingOf } from "./tile-bootstrap.js";

export interface DarkNoise {
  /** What the mean lies above black, in grey values. */
  offset: Estimate;
  /** Standard deviation of the read noise, in grey values: divided by a photon's height it is in electrons. */
  sigma: Estimate;
  /** The same as a `gaussian` step, in 255ths of the range. */
  gaussian: { sigma: Estimate; mean: Estimate };
  /** Any other number of the law, whose slope is 0, with its interval. */
  estimate(of: (law: NoiseLaw) => number): Estimate;
}

/** One place of a detector without light, in two frames; in one where there is no other. */
export interface DarkPlace<T> {
  readonly first: T;
  readonly second?: T | undefined;
}

/** With more of the pixels cut off, what is left is the noise's tail. */
const MOST_CUT = 0.8;
/** Pixels that many deviations off are hot or dead. */
const OUTLIER = 6;

/**
 * @param places In two frames the noise is what differs between the two, so that a fixed pattern does not count; in one it is what
 *   differs from pixel to pixel.
 * @throws PssrError INVALID_FIELD with `darkFrames…` or `levels` as the field.
 */
export function darkNoise(
  places: readonly DarkPlace<Plane>[],
  levels: Levels,
  options: BootstrapOptions = {},
): DarkNoise {
  const range = valueRange(levels, framesOf(places));
  const planes = darkResiduals(places);
  const tiling = tilingOf(planes);
  const binned = new BinnedResiduals(planes, tiling);
  const first = binned.trimmed();
  const reach = OUTLIER * Math.sqrt(first.variances[0]! + range.step ** 2);
  const sums = binned.sums(Float64Array.of(first.means[0]! - reach), Float64Array.of(first.means[0]! + reach));
  const moments = sums.moments();
  const [mean, variance, pixels] = [moments.intensities[0]!, moments.variances[0]!, moments.counts[0]!];
  if (mean <= range.low || mean >= range.high) {
    throw refuse(
      "darkFrames",
      `their mean is ${mean}, and values are cut off at ${range.low} and ${range.high}: nothing of the noise is left; lift the detector's offset, or give levels that fit`,
    );
  }
  const numbers = (at: number, spread: number) => Float64Array.of(at - range.black, spread);
  const start = { slope: 0, variance, offset: mean - range.black };
  const free = { slope: false, variance: true, offset: true };
  const fit = fitLaw(predictor(range, pixels), numbers(mean, variance), start, free);
  const { cut } = seenAt(range.black, fit.law, 0, range);
  if (cut > MOST_CUT) {
    throw refuse(
      "darkFrames",
      `${Math.round(100 * cut)} % of the noise is cut off at ${range.low} or ${range.high}; at most ${100 * MOST_CUT} % may be: lift the detector's offset, or give levels that fit`,
    );
  }
  const laws: NoiseLaw[] = [];
  for (const times of draws(tiling.count, options)) {
    const drawn = sums.moments(times);
    if (drawn.counts[0]! === 0) continue;
    laws.push(fit.nearby(numbers(drawn.intensities[0]!, drawn.variances[0]!), Float64Array.of(1, 1)));
  }
  const unit = (range.white - range.black) / 255;
  const of = (number: (law: NoiseLaw) => number) => estimated(number(fit.law), [laws.map(number)]);
  return {
    estimate: of,
    offset: of(({ offset }) => offset),
    sigma: of((law) => Math.sqrt(law.variance)),
    gaussian: {
      sigma: of((law) => Math.sqrt(law.variance) / unit),
      mean: of(({ offset }) => offset / unit),
    },
  };
}

/** Mean and variance of cut normal noise. */
function predictor(range: ValueRange, pixels: number): Predict {
  return (law) => {
    const { mean, variance } = seenAt(range.black, law, 0, range);
    const least = Math.max(variance, leastVariance(range));
    return {
      values: Float64Array.of(mean, variance),
      variances: Float64Array.of(least, 2 * least ** 2).map((v) => v / pixels),
    };
  };
}

/** Dark frames as pixels of one intensity: differences of the two of a place, or those of a single frame from the mean. */
export function darkResiduals(places: readonly DarkPlace<Plane>[]): Residuals[] {
  places.forEach(({ first, second }, n) => {
    checkPixels(first, `darkFrames[${n}].first`);
    if (second === undefined) return;
    checkPixels(second, `darkFrames[${n}].second`);
    checkSameSize(first, second, `darkFrames[${n}]`);
  });
  const frames = framesOf(places);
  const pixels = frames.reduce((sum, { values }) => sum + values.length, 0);
  if (pixels < FEWEST_PIXELS) {
    throw refuse(
      "darkFrames",
      `they have ${pixels} pixels; at least ${FEWEST_PIXELS} are needed: give more or larger frames`,
    );
  }
  const mean = frames.reduce((sum, { values }) => sum + total(values), 0) / pixels;
  return places.map(({ first, second }) =>
    second === undefined
      ? residualsOf(first, mean, (n) => first.values[n]! - mean)
      : residualsOf(first, mean, (n) => (first.values[n]! - second.values[n]!) / Math.SQRT2),
  );
}

export function framesOf<T>(places: readonly DarkPlace<T>[]): T[] {
  return places.flatMap(({ first, second }) => (second === undefined ? [first] : [first, second]));
}

function residualsOf({ height, width, values }: Plane, mean: number, residual: (n: number) => number): Residuals {
  return {
    height,
    width,
    keys: new Float32Array(values.length).fill(mean),
    intensities: new Float32Array(values.length).fill(mean),
    residuals: Float32Array.from(values, (_, n) => residual(n)),
  };
}

function total(values: Plane["values"]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
