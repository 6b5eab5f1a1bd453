/**
 * What is compared of a tile: what its low-resolution pixels differ from the same tile only sampled, in units of a 255th of the
 * range from black to white. Three views, each a sum over pixels, so that tiles can be put together in any choice: the
 * histogram of the differences, their mean and variance by intensity, and their power by frequency.
 */
import { BlockSpectrum } from "./fourier.js";
import { type FrequencyBands, frequencyBands } from "./frequency-bands.js";

/** Differences from −256 to below 256, one unit each. */
export const PROFILE_BINS = 512;

/** All of a tile's statistics but the number of its pixels. */
export const sumsOfTile = ["profile", "counts", "intensities", "sums", "squares", "frequencies", "power"] as const;

export interface TileStatistics {
  pixels: number;
  /** Pixels by their difference: bin n is about n − 256. */
  profile: Float64Array;
  /** By intensity: pixels, sum of the intensities, sum of the differences, sum of their squares. */
  counts: Float64Array;
  intensities: Float64Array;
  sums: Float64Array;
  squares: Float64Array;
  /** By band of frequencies: how many there are, over all blocks, and the sum of their powers; that of white noise is its variance. */
  frequencies: Float64Array;
  power: Float64Array;
}

/** A tile that is only sampled: what low-resolution pixels are compared with, in units from black. */
export interface Reference {
  height: number;
  width: number;
  values: Float32Array;
  /** By which pixels go into bins of intensity, where it is not these values. */
  keys?: Float32Array | undefined;
}

const LARGEST_BLOCK = 64;

export class StatisticsTaker {
  readonly #edges: Float64Array;
  readonly #spectrum: BlockSpectrum;
  readonly #bands: FrequencyBands;

  /**
   * @param edges Intensities between the bins, ascending, in units from black.
   * @param side The smaller side of the tiles in low-resolution pixels, at least 2.
   */
  constructor(edges: Float64Array, side: number) {
    this.#edges = edges;
    const block = Math.min(LARGEST_BLOCK, 2 ** Math.floor(Math.log2(side)));
    this.#spectrum = new BlockSpectrum(block);
    this.#bands = frequencyBands(block);
  }

  /** @param low Low-resolution pixels, in units from black. */
  take({ height, width, values, keys = values }: Reference, low: Float32Array): TileStatistics {
    const bins = this.#edges.length + 1;
    const statistics: TileStatistics = {
      pixels: values.length,
      profile: new Float64Array(PROFILE_BINS),
      counts: new Float64Array(bins),
      intensities: new Float64Array(bins),
      sums: new Float64Array(bins),
      squares: new Float64Array(bins),
      frequencies: new Float64Array(this.#bands.count),
      power: new Float64Array(this.#bands.count),
    };
    const { profile, counts, intensities, sums, squares } = statistics;
    const differences = new Float32Array(values.length);
    let sum = 0;
    for (let n = 0; n < values.length; n++) {
      const difference = low[n]! - values[n]!;
      differences[n] = difference;
      sum += difference;
      profile[Math.min(Math.max(Math.round(difference) + PROFILE_BINS / 2, 0), PROFILE_BINS - 1)]!++;
      const bin = this.#binOf(keys[n]!);
      counts[bin]!++;
      intensities[bin]! += values[n]!;
      sums[bin]! += difference;
      squares[bin]! += difference * difference;
    }
    this.#addPower(statistics, differences, height, width, sum / values.length);
    return statistics;
  }

  #addPower(statistics: TileStatistics, plane: Float32Array, height: number, width: number, mean: number): void {
    const { side } = this.#spectrum;
    const { bandOf, sizes } = this.#bands;
    const { power, frequencies } = statistics;
    for (let y = 0; y + side <= height; y += side) {
      for (let x = 0; x + side <= width; x += side) {
        const block = this.#spectrum.of(plane, width, y * width + x, mean);
        for (let n = 0; n < block.length; n++) if (bandOf[n]! >= 0) power[bandOf[n]!]! += block[n]!;
        for (let band = 0; band < frequencies.length; band++) frequencies[band]! += sizes[band]!;
      }
    }
  }

  /** The bin of an intensity: how many edges lie at or below it. */
  #binOf(value: number): number {
    const edges = this.#edges;
    let bin = 0;
    while (bin < edges.length && value >= edges[bin]!) bin++;
    return bin;
  }
}

/** Edges between so many bins of equal numbers of pixels. */
export function intensityEdges(references: readonly Reference[], bins: number): Float64Array {
  const all = new Float32Array(references.reduce((sum, { values }) => sum + values.length, 0));
  let at = 0;
  for (const { values, keys = values } of references) {
    all.set(keys, at);
    at += keys.length;
  }
  all.sort();
  return Float64Array.from({ length: bins - 1 }, (_, n) => all[Math.floor(((n + 1) * all.length) / bins)]!);
}

/** Those of all tiles together; `times`: how often each counts, for a bootstrap. */
export function pooled(tiles: readonly TileStatistics[], times?: ArrayLike<number>): TileStatistics {
  const [first] = tiles;
  if (first === undefined) throw new RangeError("no tiles: their statistics cannot be put together");
  const sum: TileStatistics = {
    pixels: 0,
    profile: new Float64Array(first.profile.length),
    counts: new Float64Array(first.counts.length),
    intensities: new Float64Array(first.intensities.length),
    sums: new Float64Array(first.sums.length),
    squares: new Float64Array(first.squares.length),
    frequencies: new Float64Array(first.frequencies.length),
    power: new Float64Array(first.power.length),
  };
  tiles.forEach((tile, n) => {
    const weight = times === undefined ? 1 : times[n]!;
    if (weight === 0) return;
    sum.pixels += weight * tile.pixels;
    for (const name of sumsOfTile) {
      const [to, from] = [sum[name], tile[name]];
      for (let i = 0; i < to.length; i++) to[i]! += weight * from[i]!;
    }
  });
  return sum;
}
