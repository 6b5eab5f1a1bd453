/**
 * Noise as a vector of numbers, each divided by how much it varies from sample to sample of the same noise: the mean square of
 * the differences of two such vectors is about 1 where the noise is the same, whatever its strength and the number of pixels.
 * The numbers change smoothly with a crappifier's parameters, so that these can be fitted to them.
 */
import { pooled, type TileStatistics } from "./tile-statistics.js";

/** The terms that noise is compared by, each as the part of the vector that it has. */
export interface FeatureTerms {
  /** The distribution of the differences. */
  profile: Part;
  /** Their mean and variance by intensity. */
  intensity: Part;
  /** Their power by frequency. */
  spectrum: Part;
  /** How much tiles differ from each other in mean and noise, beyond what their intensities explain. */
  tiles: Part;
}

export interface Part {
  from: number;
  end: number;
}

export type NoiseDistance = Record<keyof FeatureTerms, number>;

/** Variance that rounding to whole units adds; noise that is much less cannot be seen. */
const ROUNDING = 1 / 12;
/** Places of the distribution that are compared. */
const PROFILE_POINTS = 24;
/**
 * What the profile is smoothed by, relative to its deviation: counted photons lie on a grid, whose comb of values would count
 * for more than the noise itself.
 */
const SMOOTHING = 0.3;
/** Fewer pixels tell nothing of a bin of intensities. */
const FEWEST_PIXELS = 30;
/**
 * Neighbouring frequencies of a windowed block are not independent: as many tell as much as this share would (the window's
 * equivalent noise bandwidth, 1.5 each way), and half of them repeat the others, for the differences are real numbers.
 */
const INDEPENDENT = 1 / (2 * 1.5 ** 2);

export class NoiseFeatures {
  readonly terms: FeatureTerms;
  /** Bins of the profile up to which pixels are counted. */
  readonly #thresholds: number[];
  readonly #smoothing: Float64Array;
  readonly #bins: number[];
  readonly #bands: number[];
  readonly #scales: Float64Array;
  readonly #real: TileStatistics;

  /** @param real What the noise of simulations is compared with: it decides what is compared, and by which scale. */
  constructor(real: readonly TileStatistics[]) {
    const whole = pooled(real);
    this.#real = whole;
    this.#smoothing = gaussian(SMOOTHING * Math.sqrt(varianceOfProfile(whole)));
    this.#thresholds = quantileBins(whole, PROFILE_POINTS);
    this.#bins = [...whole.counts.keys()].filter((bin) => whole.counts[bin]! >= FEWEST_PIXELS);
    this.#bands = [...whole.power.keys()].filter((band) => whole.frequencies[band]! > 0);
    const ends = [this.#thresholds.length, 2 * this.#bins.length, this.#bands.length, real.length > 1 ? 2 : 0];
    const parts = ends.map((length, n) => {
      const from = ends.slice(0, n).reduce((sum, one) => sum + one, 0);
      return { from, end: from + length };
    });
    const [profile, intensity, spectrum, tiles] = parts as [Part, Part, Part, Part];
    this.terms = { profile, intensity, spectrum, tiles };
    this.#scales = this.#scalesOf(whole, real.length);
  }

  /** @param times How often each tile counts, for a bootstrap; by default once. */
  of(statistics: readonly TileStatistics[], times?: ArrayLike<number>): Float64Array {
    const whole = pooled(statistics, times);
    const features = new Float64Array(this.#scales.length);
    let at = 0;
    const profile = smoothed(whole.profile, this.#smoothing);
    for (const share of sharesBelow(profile, this.#thresholds, whole.pixels)) features[at++] = share;
    for (const one of this.#bins) {
      // Images of other fields may lack an intensity: then it tells nothing of their noise.
      const { mean, variance } = momentsAt(whole.counts[one]! < FEWEST_PIXELS ? this.#real : whole, one);
      features[at++] = mean;
      features[at++] = Math.log(variance + ROUNDING);
    }
    for (const band of this.#bands) features[at++] = Math.log(whole.power[band]! / whole.frequencies[band]! + ROUNDING);
    if (this.terms.tiles.end > this.terms.tiles.from) {
      const [means, noises] = betweenTiles(statistics, whole, times);
      features[at++] = means;
      features[at++] = noises;
    }
    for (let n = 0; n < features.length; n++) features[n]! /= this.#scales[n]!;
    return features;
  }

  /** The mean square of the differences within each term, half of it: about 1 where nothing differs. */
  distance(a: Float64Array, b: Float64Array): NoiseDistance {
    const within = ({ from, end }: Part) => {
      let sum = 0;
      for (let n = from; n < end; n++) sum += (a[n]! - b[n]!) ** 2;
      return end > from ? sum / (2 * (end - from)) : 1;
    };
    const { profile, intensity, spectrum, tiles } = this.terms;
    return { profile: within(profile), intensity: within(intensity), spectrum: within(spectrum), tiles: within(tiles) };
  }

  /** How much each number varies from sample to sample. */
  #scalesOf(whole: TileStatistics, tiles: number): Float64Array {
    const scales: number[] = [];
    for (const share of sharesBelow(whole.profile, this.#thresholds, whole.pixels)) {
      scales.push(Math.sqrt((share * (1 - share)) / whole.pixels));
    }
    for (const one of this.#bins) {
      const count = whole.counts[one]!;
      const variance = momentsAt(whole, one).variance + ROUNDING;
      scales.push(Math.sqrt(variance / count), Math.sqrt(2 / count));
    }
    for (const band of this.#bands) scales.push(Math.sqrt(1 / (whole.frequencies[band]! * INDEPENDENT)));
    if (tiles > 1) scales.push(Math.sqrt(2 / (tiles - 1)), Math.sqrt(2 / (tiles - 1)));
    return Float64Array.from(scales);
  }
}

/** The mean of the terms: about 1 where nothing differs. */
export function totalOf({ profile, intensity, spectrum, tiles }: NoiseDistance): number {
  return (profile + intensity + spectrum + tiles) / 4;
}

function momentsAt({ counts, sums, squares }: TileStatistics, bin: number): { mean: number; variance: number } {
  const mean = sums[bin]! / counts[bin]!;
  return { mean, variance: squares[bin]! / counts[bin]! - mean ** 2 };
}

/** The share of the pixels up to each of the bins, which ascend. */
function sharesBelow(profile: Float64Array, bins: readonly number[], pixels: number): number[] {
  let [below, next] = [0, 0];
  return bins.map((bin) => {
    while (next <= bin) below += profile[next++]!;
    return below / pixels;
  });
}

function varianceOfProfile({ profile, pixels }: TileStatistics): number {
  const moment = (of: (bin: number) => number) =>
    profile.reduce((sum, count, bin) => sum + count * of(bin), 0) / pixels;
  const mean = moment((bin) => bin);
  return moment((bin) => (bin - mean) ** 2);
}

/** Weights of a Gaussian out to three deviations, in whole bins. */
function gaussian(deviation: number): Float64Array {
  const reach = Math.ceil(3 * deviation);
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, n) =>
    reach === 0 ? 1 : Math.exp(-0.5 * ((n - reach) / deviation) ** 2),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** What reaches beyond the ends stays at them. */
function smoothed(profile: Float64Array, weights: Float64Array): Float64Array {
  const reach = (weights.length - 1) / 2;
  const smooth = new Float64Array(profile.length);
  for (let bin = 0; bin < profile.length; bin++) {
    const count = profile[bin]!;
    if (count === 0) continue;
    for (let n = 0; n < weights.length; n++) {
      smooth[Math.min(Math.max(bin + n - reach, 0), smooth.length - 1)]! += count * weights[n]!;
    }
  }
  return smooth;
}

/** Different bins of the profile with about equal numbers of pixels between them, none with all pixels below it. */
function quantileBins({ profile, pixels }: TileStatistics, points: number): number[] {
  const found: number[] = [];
  let below = 0;
  for (let bin = 0; bin < profile.length; bin++) {
    below += profile[bin]!;
    if (below >= (pixels * (found.length + 1)) / (points + 1) && below < pixels) found.push(bin);
  }
  return found;
}

/**
 * The logarithms of the variances between tiles: of their mean difference, and of their noise, both without what the tile's
 * intensities let expect. What varies from pixel to pixel alone is part of them.
 */
function betweenTiles(
  tiles: readonly TileStatistics[],
  whole: TileStatistics,
  times: ArrayLike<number> | undefined,
): [means: number, noises: number] {
  const means: number[] = [];
  const noises: number[] = [];
  const weights: number[] = [];
  tiles.forEach((tile, n) => {
    // What is not drawn may have intensities that nothing drawn has.
    if (times !== undefined && times[n] === 0) return;
    let [mean, squares, expectedSquares] = [0, 0, 0];
    for (let bin = 0; bin < tile.counts.length; bin++) {
      const count = tile.counts[bin]!;
      if (count === 0) continue;
      const expected = whole.sums[bin]! / whole.counts[bin]!;
      mean += tile.sums[bin]! - count * expected;
      squares += tile.squares[bin]!;
      expectedSquares += (count * whole.squares[bin]!) / whole.counts[bin]!;
    }
    const rounding = ROUNDING * tile.pixels;
    means.push(mean / tile.pixels / Math.sqrt((expectedSquares + rounding) / tile.pixels));
    noises.push(Math.log((squares + rounding) / (expectedSquares + rounding)));
    weights.push(times === undefined ? 1 : times[n]!);
  });
  // Noise from pixel to pixel, were it normal: of the mean 1, of the logarithm of the variance 2, over the pixels.
  const pixels = whole.pixels / weights.reduce((sum, weight) => sum + weight, 0);
  return [Math.log(varianceOf(means, weights) + 1e-3 / pixels), Math.log(varianceOf(noises, weights) + 1e-3 / pixels)];
}

function varianceOf(values: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = values.reduce((sum, value, n) => sum + weights[n]! * value, 0) / total;
  return values.reduce((sum, value, n) => sum + weights[n]! * (value - mean) ** 2, 0) / total;
}
