/**
 * What a detector does to a pixel, as a law of three numbers: variance = slope · (intensity − black) + variance at black, and a
 * mean that is lifted by an offset (J. R. Janesick, "Photon Transfer", 2007, ch. 5). What is seen of it is cut off where the
 * detector saturates and rounded to whole grey values (cut normal noise: A. Foi et al., IEEE Trans. Image Process. 17, 2008, sec. IV).
 */
import { density, distribution } from "../search/normal-distribution.js";

/** In grey values. */
export interface NoiseLaw {
  /** Variance per grey value above black: one photon's height. 0 or more. */
  slope: number;
  /** Variance at black, grey values squared: that of reading out. 0 or more. */
  variance: number;
  /** What the mean lies above the intensity. */
  offset: number;
}

/**
 * How counts lie on the scale of grey values: `camera` has one count for each `slope`; `mix`, PSSR2's blend of an image and its
 * count, counts each 255th of the range, which is more or less than the noise tells. The two differ in the dark, where few are
 * counted, and not in mean or variance.
 */
export type Counting = "camera" | "mix";

/** What values a detector can give, in grey values. */
export interface ValueRange {
  black: number;
  white: number;
  /** The least and greatest: what goes beyond is cut off. */
  low: number;
  high: number;
  /** Between two values; 0: they are not rounded. */
  step: number;
  /** Whether intensities without noise are such values too. */
  isWhole: boolean;
}

export interface Moments {
  /** Mean of what is seen less the intensity. */
  mean: number;
  variance: number;
  /** Share of the pixels that are cut off. */
  cut: number;
}

/** More counts are as good as normal. */
const MOST_COUNTS = 25;
/** So many deviations away nothing is cut, of a thousand million pixels. */
const FAR = 6;

/** Grey values between one count and the next. */
export function countHeight({ slope }: NoiseLaw, counting: Counting, { black, white }: ValueRange): number {
  return counting === "camera" ? slope : Math.sqrt((slope * (white - black)) / 255);
}

/** The variance of what is not cut off and not rounded. */
export function varianceAt(intensity: number, { slope, variance }: NoiseLaw, { black }: ValueRange): number {
  return slope * Math.max(intensity - black, 0) + variance;
}

/** Less than this is no noise that the values can show. */
export function leastVariance({ black, white, step }: ValueRange): number {
  return Math.max(step ** 2 / 100, ((white - black) * 1e-6) ** 2);
}

/**
 * The variance of a variance taken of one pixel: 2·v² for normal noise, and the fourth cumulant of what is counted.
 *
 * @param seen The variance as it is seen.
 */
export function spreadOfVariance(
  seen: number,
  intensity: number,
  law: NoiseLaw,
  height: number,
  range: ValueRange,
): number {
  const all = varianceAt(intensity, law, range);
  const variance = Math.max(seen, leastVariance(range));
  const skewed = all > 0 ? (height ** 2 * (all - law.variance)) / all ** 2 : 0;
  return variance ** 2 * (2 + skewed);
}

/** What is seen of pixels of one intensity. */
export function seenAt(intensity: number, law: NoiseLaw, height: number, range: ValueRange): Moments {
  const counted = law.slope * Math.max(intensity - range.black, 0);
  const all = counted + law.variance;
  const sum = new CutSum(intensity, range);
  const counts = height > 0 ? counted / height ** 2 : Number.POSITIVE_INFINITY;
  const reach = FAR * Math.sqrt(all) + 4 * height;
  const centre = intensity + law.offset;
  const isCut = centre - reach < range.low || centre + reach > range.high;
  if (!isCut || counts === 0 || counts > MOST_COUNTS) {
    sum.add(1, centre, all, height * counted);
  } else {
    let probability = Math.exp(-counts);
    const most = counts + FAR * Math.sqrt(counts) + 6;
    for (let k = 0; k <= most; k++) {
      if (probability > 1e-7) sum.add(probability, centre + height * (k - counts), law.variance, 0);
      probability *= counts / (k + 1);
    }
  }
  const { mean, variance, cut } = sum.moments();
  return { mean, variance: variance + roundingAt(all, law.offset, range) * (1 - cut), cut };
}

/** What is seen of pixels whose intensities vary a little: where noise is cut off, its moments are no straight lines. */
export function seenAround(
  intensity: number,
  intensityVariance: number,
  law: NoiseLaw,
  height: number,
  range: ValueRange,
): Moments {
  const middle = seenAt(intensity, law, height, range);
  const deviation = Math.sqrt(intensityVariance);
  if (middle.cut < 1e-4 || deviation === 0) return middle;
  const below = seenAt(intensity - deviation, law, height, range);
  const above = seenAt(intensity + deviation, law, height, range);
  return {
    mean: (below.mean + above.mean) / 2,
    variance: (below.variance + above.variance) / 2 + ((above.mean - below.mean) / 2) ** 2,
    cut: (below.cut + above.cut) / 2,
  };
}

/** Moments of a mixture of normal distributions, each cut off, about the intensity. */
class CutSum {
  readonly #intensity: number;
  readonly #low: number;
  readonly #high: number;
  #weight = 0;
  #sum = 0;
  #squares = 0;
  #cut = 0;

  constructor(intensity: number, { low, high }: ValueRange) {
    this.#intensity = intensity;
    this.#low = low - intensity;
    this.#high = high - intensity;
  }

  /**
   * @param third Third central moment, for a skew that is not strong: what it changes is taken to first order (F. Y. Edgeworth,
   *   1905), by E[g·He₃] = E[g‴] for g the cut value and its square.
   */
  add(weight: number, mean: number, variance: number, third: number): void {
    const from = mean - this.#intensity;
    const deviation = Math.sqrt(variance);
    const [low, high] = [this.#low - from, this.#high - from];
    this.#weight += weight;
    if (low < -FAR * deviation && high > FAR * deviation) {
      this.#sum += weight * from;
      this.#squares += weight * (from ** 2 + variance);
      return;
    }
    if (deviation === 0) {
      const at = Math.min(Math.max(from, this.#low), this.#high);
      this.#sum += weight * at;
      this.#squares += weight * at ** 2;
      // What lies on the bound itself has not been cut.
      if (Math.abs(at - from) > 1e-6 * (this.#high - this.#low)) this.#cut += weight;
      return;
    }
    const [a, b] = [low / deviation, high / deviation];
    // Mostly one end is far: it costs nothing then.
    const below = a < -FAR ? 0 : distribution(a);
    const above = b > FAR ? 0 : distribution(-b);
    const within = 1 - below - above;
    const densityLow = Math.abs(a) > FAR ? 0 : density(a);
    const densityHigh = Math.abs(b) > FAR ? 0 : density(b);
    const skew = third / (6 * deviation ** 3);
    const shift =
      low * below + high * above + deviation * (densityLow - densityHigh + skew * (a * densityLow - b * densityHigh));
    const square =
      low ** 2 * below +
      high ** 2 * above +
      variance * (within + a * densityLow - b * densityHigh) +
      2 * variance * skew * ((1 + a ** 2) * densityLow - (1 + b ** 2) * densityHigh);
    this.#sum += weight * (from + shift);
    this.#squares += weight * (from ** 2 + 2 * from * shift + square);
    this.#cut += weight * (below + above);
  }

  moments(): Moments {
    const mean = this.#sum / this.#weight;
    return {
      mean,
      variance: Math.max(this.#squares / this.#weight - mean ** 2, 0),
      cut: this.#cut / this.#weight,
    };
  }
}

/**
 * What rounding adds to the variance: a twelfth of the step squared (W. F. Sheppard, 1898), but where noise is less than a step,
 * which whole intensities then hide or show as a whole.
 */
function roundingAt(variance: number, offset: number, { step, isWhole }: ValueRange): number {
  if (step === 0) return 0;
  const [deviation, shift] = [Math.sqrt(variance) / step, offset / step - Math.round(offset / step)];
  if (!isWhole || deviation > 0.8) return step ** 2 / 12;
  if (deviation === 0) return 0;
  let [mean, square] = [0, 0];
  for (let k = -6; k <= 6; k++) {
    const share = distribution((k + 0.5 - shift) / deviation) - distribution((k - 0.5 - shift) / deviation);
    mean += share * k;
    square += share * k ** 2;
  }
  return step ** 2 * (square - mean ** 2) - variance;
}
