/**
 * Other samples of the same images: their tiles drawn with replacement, so that what pixels of one place have in common widens
 * the intervals (B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 8).
 */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { Plane } from "./planes.js";

export interface BootstrapOptions {
  /** Of the draws; a whole number. Default: 1. */
  seed?: number;
  /** How often tiles are drawn. Default: 400. */
  resamples?: number;
}

/** Side of a tile in pixels, where the images are large enough for `FEWEST_TILES` of it. */
const LARGEST_TILE = 64;
const SMALLEST_TILE = 8;
/** Of fewer tiles an interval would itself be uncertain. */
const FEWEST_TILES = 40;

export interface Tiling {
  side: number;
  count: number;
  /** The first tile's number, and how many lie side by side, by plane. */
  planes: { first: number; across: number }[];
}

/** Cuts planes into square tiles; those at the right and lower edges are smaller. */
export function tilingOf(planes: readonly Pick<Plane, "height" | "width">[]): Tiling {
  const cut = (side: number): Tiling => {
    let count = 0;
    const at = planes.map(({ height, width }) => {
      const across = Math.ceil(width / side);
      const first = count;
      count += across * Math.ceil(height / side);
      return { first, across };
    });
    return { side, count, planes: at };
  };
  let tiling = cut(LARGEST_TILE);
  while (tiling.count < FEWEST_TILES && tiling.side > SMALLEST_TILE) tiling = cut(tiling.side / 2);
  return tiling;
}

/** How often each tile is drawn, for one sample after the other. The array is the same each time. */
export function* draws(tiles: number, { seed = 1, resamples = 400 }: BootstrapOptions): Generator<Float64Array> {
  const generator = xoroshiro128plus(seed);
  const times = new Float64Array(tiles);
  for (let n = 0; n < resamples; n++) {
    times.fill(0);
    for (let i = 0; i < tiles; i++) times[uniformInt(generator, 0, tiles - 1)]!++;
    yield times;
  }
}
