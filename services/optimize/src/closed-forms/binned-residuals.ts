/**
 * Differences of pixels from what they should be, in bins of about equal numbers of pixels by intensity, and their moments in
 * each: all that a curve of variance against intensity is made of.
 */
import type { Tiling } from "./tile-bootstrap.js";

/** One plane's pixels; what is left out has a key that is no number. */
export interface Residuals {
  height: number;
  width: number;
  /** By which pixels go into bins: it must not depend on the pixel's own noise. */
  keys: Float32Array;
  /** The pixel's intensity, as far as it is known. */
  intensities: Float32Array;
  residuals: Float32Array;
}

const MOST_BINS = 48;
const FEWEST_IN_BIN = 128;
/** Values enough to find the edges of bins. */
const EDGE_SAMPLE = 200_000;
/** Left out at either end for a first look at a bin, against outliers. */
const TRIM = 0.025;
/** Variance of normal values within these ends, relative to that of all. */
const TRIMMED_VARIANCE = 0.7589;

/** Sums over pixels by tile and bin: bin b of tile t is number t · bins + b. */
export class BinSums {
  readonly bins: number;
  readonly tiles: number;
  readonly counts: Float64Array;
  readonly intensities: Float64Array;
  readonly intensitySquares: Float64Array;
  readonly residuals: Float64Array;
  readonly residualSquares: Float64Array;

  constructor(tiles: number, bins: number) {
    this.bins = bins;
    this.tiles = tiles;
    const zeros = () => new Float64Array(tiles * bins);
    this.counts = zeros();
    this.intensities = zeros();
    this.intensitySquares = zeros();
    this.residuals = zeros();
    this.residualSquares = zeros();
  }

  /** The bins' moments over all tiles, each as often as given; by default once. */
  moments(times?: Float64Array): BinMoments {
    const { bins, tiles } = this;
    const over = (sums: Float64Array) => {
      const total = new Float64Array(bins);
      for (let t = 0; t < tiles; t++) {
        const weight = times === undefined ? 1 : times[t]!;
        if (weight !== 0) for (let b = 0; b < bins; b++) total[b]! += weight * sums[t * bins + b]!;
      }
      return total;
    };
    const counts = over(this.counts);
    const mean = (sums: Float64Array) => over(sums).map((sum, b) => sum / Math.max(counts[b]!, 1));
    const intensities = mean(this.intensities);
    const means = mean(this.residuals);
    return {
      counts,
      intensities,
      intensityVariances: mean(this.intensitySquares).map((square, b) => Math.max(square - intensities[b]! ** 2, 0)),
      means,
      variances: mean(this.residualSquares).map((square, b) => {
        const freedom = counts[b]! / Math.max(counts[b]! - 1, 1);
        return Math.max(square - means[b]! ** 2, 0) * freedom;
      }),
    };
  }
}

/** By bin. */
export interface BinMoments {
  counts: Float64Array;
  intensities: Float64Array;
  intensityVariances: Float64Array;
  means: Float64Array;
  variances: Float64Array;
}

export class BinnedResiduals {
  readonly bins: number;
  readonly pixels: number;
  readonly #planes: readonly Residuals[];
  readonly #tiling: Tiling;
  /** By plane: the bin of each pixel, −1 for what is left out. */
  readonly #binOf: Int16Array[];

  constructor(planes: readonly Residuals[], tiling: Tiling) {
    this.#planes = planes;
    this.#tiling = tiling;
    this.pixels = planes.reduce(
      (sum, { keys }) => sum + keys.reduce((n, key) => n + (!Number.isNaN(key) ? 1 : 0), 0),
      0,
    );
    const edges = edgesOf(planes, this.pixels);
    this.bins = edges.length + 1;
    this.#binOf = planes.map(({ keys }) =>
      Int16Array.from(keys, (key) => (!Number.isNaN(key) ? binAt(edges, key) : -1)),
    );
  }

  /** A first look: means and variances without the ends of each bin. */
  trimmed(): BinMoments {
    const moments = this.sums().moments();
    const starts = new Int32Array(this.bins + 1);
    for (let b = 0; b < this.bins; b++) starts[b + 1] = starts[b]! + moments.counts[b]!;
    const sorted = new Float32Array(starts[this.bins]!);
    const next = starts.slice();
    this.#planes.forEach(({ residuals }, p) => {
      const binOf = this.#binOf[p]!;
      for (let n = 0; n < binOf.length; n++) if (binOf[n]! >= 0) sorted[next[binOf[n]!]!++] = residuals[n]!;
    });
    for (let b = 0; b < this.bins; b++) {
      const within = sorted.subarray(starts[b]!, starts[b + 1]!).sort();
      const ends = Math.floor(TRIM * within.length);
      const kept = within.subarray(ends, within.length - ends);
      const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
      const variance = kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / kept.length;
      moments.means[b] = mean;
      moments.variances[b] = variance / TRIMMED_VARIANCE;
    }
    return moments;
  }

  /** Without what lies below `lowest` or above `highest` of its bin. */
  sums(lowest?: Float64Array, highest?: Float64Array): BinSums {
    const { side, count, planes: tiles } = this.#tiling;
    const sums = new BinSums(count, this.bins);
    this.#planes.forEach(({ height, width, intensities, residuals }, p) => {
      const binOf = this.#binOf[p]!;
      const { first, across } = tiles[p]!;
      for (let y = 0, n = 0; y < height; y++) {
        const row = first + Math.floor(y / side) * across;
        for (let x = 0; x < width; x++, n++) {
          const bin = binOf[n]!;
          if (bin < 0) continue;
          const residual = residuals[n]!;
          if (lowest !== undefined && residual < lowest[bin]!) continue;
          if (highest !== undefined && residual > highest[bin]!) continue;
          const at = (row + Math.floor(x / side)) * this.bins + bin;
          const intensity = intensities[n]!;
          sums.counts[at]!++;
          sums.intensities[at]! += intensity;
          sums.intensitySquares[at]! += intensity ** 2;
          sums.residuals[at]! += residual;
          sums.residualSquares[at]! += residual ** 2;
        }
      }
    });
    return sums;
  }
}

/** Between bins, ascending and different: whole numbers of pixels of one key are not divided. */
function edgesOf(planes: readonly Residuals[], pixels: number): Float32Array {
  const stride = Math.max(1, Math.floor(pixels / EDGE_SAMPLE));
  const sample = new Float32Array(Math.ceil(pixels / stride));
  let [seen, kept] = [0, 0];
  for (const { keys } of planes) {
    for (const key of keys) if (!Number.isNaN(key) && seen++ % stride === 0) sample[kept++] = key;
  }
  sample.sort();
  const bins = Math.max(1, Math.min(MOST_BINS, Math.floor(pixels / FEWEST_IN_BIN)));
  const edges: number[] = [];
  let least = sample[0]!;
  for (let n = 1; n < bins; n++) {
    let at = Math.floor((n * sample.length) / bins);
    // A key of so many pixels has a bin of its own.
    while (at < sample.length && sample[at] === least) at++;
    if (at === sample.length || sample[at]! < least) continue;
    least = sample[at]!;
    edges.push(least);
  }
  return Float32Array.from(edges);
}

/** How many edges lie at or below it. */
function binAt(edges: Float32Array, key: number): number {
  let [from, end] = [0, edges.length];
  while (from < end) {
    const middle = (from + end) >> 1;
    if (key >= edges[middle]!) from = middle + 1;
    else end = middle;
  }
  return from;
}
