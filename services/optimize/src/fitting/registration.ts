/** How far the two images of a pair lie apart: where they correlate best, over all of their tiles. */
import type { Reference } from "../statistics/tile-statistics.js";

/** Low-resolution pixels each way. */
const REACH = 8;
const SIDE = 2 * REACH + 1;
const MIDDLE = REACH * SIDE + REACH;
/** What two images differ in is not noise alone: neighbours of it are alike, as far as a blur or a drift reaches. */
const INDEPENDENT = 1 / 25;

export interface Displacement {
  /** Low-resolution pixels that the real image lies to the right of where it should be, and below it. */
  x: number;
  y: number;
  /** Pearson's correlation there, −1 to 1. */
  correlation: number;
  /** The same where it should be; less than the luck of so few pixels is none. */
  inPlace: number;
  luck: number;
  /**
   * Logarithm of how much better the displaced image explains the other than the image in its place does, were the difference
   * normal noise: of a few units it is luck.
   */
  evidence: number;
}

export interface Registered {
  /** The field only sampled. */
  reference: Reference;
  /** The real pixels, in the same units. */
  real: Float32Array;
}

/** @param tiles Of one pair, at least one. */
export function displacementOf(tiles: readonly Registered[]): Displacement {
  const common = new Float64Array(SIDE * SIDE);
  const otherSquares = new Float64Array(SIDE * SIDE);
  let [ownSquares, pixels] = [0, 0];
  for (const tile of tiles) {
    const products = productsOf(tile);
    for (let n = 0; n < common.length; n++) {
      common[n]! += products.common[n]!;
      otherSquares[n]! += products.otherSquares[n]!;
    }
    ownSquares += products.ownSquares;
    pixels += products.pixels;
  }
  const correlations = common.map((sum, n) => {
    const size = Math.sqrt(ownSquares * otherSquares[n]!);
    return size > 0 ? sum / size : 0;
  });
  const best = correlations.reduce((at, one, n) => (one > correlations[at]! ? n : at), MIDDLE);
  const [there, here] = [correlations[best]!, Math.max(correlations[MIDDLE]!, 0)];
  const evidence = ((INDEPENDENT * pixels) / 2) * Math.log((1 - here ** 2) / Math.max(1 - there ** 2, Number.EPSILON));
  return {
    x: REACH - (best % SIDE),
    y: REACH - Math.floor(best / SIDE),
    correlation: there,
    inPlace: correlations[MIDDLE]!,
    luck: 3 / Math.sqrt(INDEPENDENT * pixels),
    evidence,
  };
}

/**
 * The middle of the real tile against each displaced part of the reference of the same size, each less its own mean: so all
 * displacements meet the same noise. Those that reach beyond a small tile have no products.
 */
function productsOf({ reference: { height, width, values }, real }: Registered) {
  const reach = { y: Math.min(REACH, height >> 2), x: Math.min(REACH, width >> 2) };
  const products = new Float64Array(SIDE * SIDE);
  const sums = new Float64Array(SIDE * SIDE);
  const squares = new Float64Array(SIDE * SIDE);
  let [ownSum, ownSquares] = [0, 0];
  for (let y = reach.y; y < height - reach.y; y++) {
    for (let x = reach.x; x < width - reach.x; x++) {
      const own = real[y * width + x]!;
      ownSum += own;
      ownSquares += own * own;
      for (let dy = -reach.y; dy <= reach.y; dy++) {
        const row = (y + dy) * width + x;
        const to = (dy + REACH) * SIDE + REACH;
        for (let dx = -reach.x; dx <= reach.x; dx++) {
          const value = values[row + dx]!;
          products[to + dx]! += value * own;
          sums[to + dx]! += value;
          squares[to + dx]! += value * value;
        }
      }
    }
  }
  const pixels = (height - 2 * reach.y) * (width - 2 * reach.x);
  return {
    common: products.map((product, n) => product - (ownSum * sums[n]!) / pixels),
    otherSquares: squares.map((square, n) => square - sums[n]! ** 2 / pixels),
    ownSquares: ownSquares - ownSum ** 2 / pixels,
    pixels,
  };
}
