/**
 * Takes the statistics of tiles, so that those of real and of simulated ones can be compared: tiles of pairs against the same field
 * only sampled, others against themselves made smooth.
 */
import { type Crappifier, crappify, type PixelTile, type Sampling, type StepSpec } from "@pssr/crappifiers";
import { meansAround } from "../statistics/means-around.js";
import { intensityEdges, type Reference, StatisticsTaker, type TileStatistics } from "../statistics/tile-statistics.js";
import type { GreyTile, TileSet } from "./fit-problem.js";
import { innerLow } from "./inner-low.js";
import { smoothed } from "./smoothed.js";

export interface TileMeterOptions {
  sampling: Sampling;
  isPaired: boolean;
  /** What made the high-resolution tiles from perfect ones. */
  highNoise: readonly StepSpec[];
  /** Whether references are rounded to the tiles' own type, as PSSR2 does. */
  isRounded: boolean;
  seed: number;
}

const INTENSITY_BINS = 12;

/** The statistics of one set of tiles. */
export class TileMeter {
  readonly #set: TileSet;
  readonly #scale: number;
  readonly #taker: StatisticsTaker;
  /** Of pairs: the same fields only sampled. */
  readonly #references: readonly Reference[];
  /** What the noise of the high-resolution tiles leaves in their references, were it drawn anew. */
  readonly #leftovers: readonly (Float32Array | undefined)[];
  readonly real: readonly TileStatistics[];

  /** @param like Another meter, whose bins of intensities this one takes. */
  constructor(set: TileSet, options: TileMeterOptions, like?: TileMeter) {
    this.#set = set;
    this.#scale = options.sampling.scale;
    const references = options.isPaired ? set.high.map((tile) => referenceOf(tile, options)) : [];
    this.#references = references;
    this.#leftovers = references.map((_, n) => leftoverOf(set.high[n]!, n, options));
    const first = set.real[0]!;
    this.#taker = like?.taker ?? takerFor(options.isPaired ? references : set.real.map((tile) => itself(tile)), first);
    this.real = set.real.map((tile, n) => this.#taker.take(this.#references[n] ?? itself(tile), inUnits(tile)));
  }

  get taker(): StatisticsTaker {
    return this.#taker;
  }

  /** @param lows Low-resolution pixels of the high-resolution tiles, in these tiles' type and grey values. */
  of(lows: readonly GreyTile["values"][]): TileStatistics[] {
    return this.#set.high.map((tile, n) => {
      const low = this.low(tile, lows[n]!);
      const values = inUnits(low);
      const reference = this.#references[n] ?? itself(low);
      const leftover = this.#leftovers[n];
      if (leftover !== undefined) for (let i = 0; i < values.length; i++) values[i]! -= leftover[i]!;
      return this.#taker.take(reference, values);
    });
  }

  /** The same fields only sampled, in 255ths of the range; none of tiles that are no pairs. */
  get references(): readonly Reference[] {
    return this.#references;
  }

  /** The part of a degraded tile that is compared, in that tile's grey values. */
  low(tile: GreyTile, values: GreyTile["values"]): GreyTile {
    return innerLow(tile, values, this.#scale);
  }
}

function takerFor(references: readonly Reference[], { height, width }: GreyTile): StatisticsTaker {
  return new StatisticsTaker(intensityEdges(references, INTENSITY_BINS), Math.min(height, width));
}

/** In 255ths of the range from black to white, from black. */
export function inUnits({ values, levels: { black, white } }: Pick<GreyTile, "values" | "levels">): Float32Array {
  const units = new Float32Array(values.length);
  const factor = 255 / (white - black);
  for (let n = 0; n < units.length; n++) units[n] = (values[n]! - black) * factor;
  return units;
}

function itself(tile: GreyTile): Reference {
  const { height, width } = tile;
  return { height, width, values: smoothed(inUnits(tile), height, width) };
}

/**
 * Of noisy tiles pixels go into bins by those around them: real differences have the noise of the reference in them, and by its own
 * value a pixel would be sorted by that noise; simulated ones have noise that is drawn anew.
 */
function referenceOf(tile: GreyTile, { sampling, isRounded, highNoise }: TileMeterOptions): Reference {
  const low = innerLow(tile, sampledAlone(tile, sampling, isRounded), sampling.scale);
  const { height, width } = low;
  const values = inUnits(low);
  return { height, width, values, keys: highNoise.length > 0 ? meansAround(values, height, width) : undefined };
}

function sampledAlone(tile: GreyTile, sampling: Sampling, isRounded: boolean): PixelTile["data"] {
  const only: Crappifier = { optics: [], sampling, detector: [] };
  const { height, width } = tile;
  const pixels = isRounded
    ? ({ data: tile.values, dtype: tile.dtype } as Pick<PixelTile, "data" | "dtype">)
    : { data: Float32Array.from(tile.values), dtype: "float32" as const };
  return crappify(only, { ...pixels, frames: 1, height, width }, tile.levels, key(0, 0)).data;
}

/** In 255ths of the range: what sampling leaves of noise such as the high-resolution tile has already. */
function leftoverOf(tile: GreyTile, n: number, options: TileMeterOptions): Float32Array | undefined {
  if (options.highNoise.length === 0) return undefined;
  const { height, width, levels } = tile;
  const clean: PixelTile<"float32"> = {
    data: Float32Array.from(tile.values),
    dtype: "float32",
    frames: 1,
    height,
    width,
  };
  const noise: Crappifier = { optics: [], sampling: { scale: 1, kernel: "POINT" }, detector: options.highNoise };
  const noisy = crappify(noise, clean, levels, key(options.seed, n)).data;
  const difference = { ...tile, dtype: "float32" as const, values: noisy.map((v, i) => v - clean.data[i]!) };
  const open = { black: 0, white: levels.white - levels.black, saturation: [-Infinity, Infinity] as const };
  const sampled = sampledAlone({ ...difference, levels: open }, options.sampling, false);
  return inUnits({ ...innerLow(tile, sampled, options.sampling.scale), levels: open });
}

function key(seed: number, tile: number) {
  return { seed: BigInt(seed), image: "fit", tile, epoch: 0 };
}
