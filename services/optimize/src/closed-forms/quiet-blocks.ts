/**
 * Variances of noise in the blocks of an image, and the one that a bin of blocks would have without structure: of noise alone they
 * are distributed as χ², so a low quantile tells it too, and loud blocks only shift which of the quiet ones it is: if a third of a
 * bin's blocks are loud, the deviation comes out 6 % too large; if six of ten are, 19 %.
 */
import type { ValueRange } from "./noise-law.js";
import type { Plane } from "./planes.js";
import type { Tiling } from "./tile-bootstrap.js";

export interface Block {
  tile: number;
  mean: number;
  /** Mean square of the differences of Laplacians: that of the noise, and of what structure they let through. */
  variance: number;
}

export const BLOCK_SIDE = 8;
export const BLOCK_PIXELS = BLOCK_SIDE ** 2;
/** The share of a bin's blocks that have to be quiet. */
const QUIET = 0.25;
/** Standard normal deviate of that share, and the factor between its uncertainty and that of a mean of as many. */
const QUIET_DEVIATE = -0.6745;
const QUIET_UNCERTAINTY = 1.86;

/**
 * Variance of the mean of so many squares, relative to its square, were they of normal noise: 2·Σρ²/n², where ρ, the correlation of
 * two differences of Laplacians, is that of second differences along each axis: 1, −4/6, 1/6.
 */
const BLOCK_SPREAD = 2 * axisSpread() ** 2;

function axisSpread(): number {
  const n = BLOCK_SIDE;
  return (n + 2 * (n - 1) * (4 / 6) ** 2 + 2 * (n - 2) * (1 / 6) ** 2) / n ** 2;
}

/** Blocks of which something is not cut off. */
export function blocksOf(planes: readonly Plane[], tiling: Tiling, { low, high }: ValueRange): Block[] {
  const blocks: Block[] = [];
  planes.forEach(({ height, width, values }, p) => {
    const { first, across } = tiling.planes[p]!;
    // The differences reach one pixel around.
    for (let top = 1; top + BLOCK_SIDE < height; top += BLOCK_SIDE) {
      for (let left = 1; left + BLOCK_SIDE < width; left += BLOCK_SIDE) {
        let [sum, squares, within] = [0, 0, 0];
        for (let y = top; y < top + BLOCK_SIDE; y++) {
          for (let x = left; x < left + BLOCK_SIDE; x++) {
            const n = y * width + x;
            const value = values[n]!;
            sum += value;
            if (value > low && value < high) within++;
            squares += differenceAt(values, n, width) ** 2;
          }
        }
        const tile = first + Math.floor(top / tiling.side) * across + Math.floor(left / tiling.side);
        if (within > 0) blocks.push({ tile, mean: sum / BLOCK_PIXELS, variance: squares / BLOCK_PIXELS });
      }
    }
  });
  return blocks;
}

/** Of independent noise it has the variance of a pixel: the squares of its nine weights sum to 36. */
function differenceAt(values: Plane["values"], n: number, width: number): number {
  const along = (i: number) => values[i - 1]! - 2 * values[i]! + values[i + 1]!;
  return (along(n - width) - 2 * along(n) + along(n + width)) / 6;
}

/** Blocks of about one brightness, sorted by their variance. */
export class QuietBin {
  readonly #blocks: readonly Block[];

  constructor(blocks: readonly Block[]) {
    this.#blocks = [...blocks].sort((a, b) => a.variance - b.variance);
  }

  /** Of the blocks, each as often as its tile; by default once. */
  moments(times?: Float64Array): { count: number; mean: number; varianceOfMeans: number; quiet: number } {
    let [count, sum, squares] = [0, 0, 0];
    for (const { tile, mean } of this.#blocks) {
      const weight = times === undefined ? 1 : times[tile]!;
      count += weight;
      sum += weight * mean;
      squares += weight * mean ** 2;
    }
    const mean = sum / Math.max(count, 1);
    let [below, at] = [0, 0];
    for (; at < this.#blocks.length; at++) {
      below += times === undefined ? 1 : times[this.#blocks[at]!.tile]!;
      if (below >= QUIET * count) break;
    }
    const quiet = this.#blocks[Math.min(at, this.#blocks.length - 1)]!.variance;
    return { count, mean, varianceOfMeans: Math.max(squares / Math.max(count, 1) - mean ** 2, 0), quiet };
  }
}

/**
 * The quiet quantile of blocks of noise of variance 1 (E. B. Wilson and M. M. Hilferty's of χ², 1931), and the variance that it has
 * as a number taken of one block.
 *
 * @param kurtosis Excess kurtosis of a pixel's noise.
 */
export function quietQuantile(kurtosis: number): { value: number; variance: number } {
  const spread = BLOCK_SPREAD + kurtosis / BLOCK_PIXELS;
  const deviation = Math.sqrt(spread / 9);
  const value = Math.max(1 - spread / 9 + QUIET_DEVIATE * deviation, 0) ** 3;
  return { value, variance: QUIET_UNCERTAINTY * spread * value ** 2 };
}
