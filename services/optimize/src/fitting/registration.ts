/** How far the two images of a pair lie apart: where their cross-correlation, summed over tiles, is highest. */
import type { Reference } from "../statistics/tile-statistics.js";

/** Low-resolution pixels each way. */
const REACH = 8;

export interface Displacement {
  /** Low-resolution pixels that the real image lies to the right of and below where it should. */
  x: number;
  y: number;
  /** Pearson's correlation there, −1 to 1. */
  correlation: number;
}

/** @param tiles Of one pair: the field only sampled, and the real pixels in the same units. */
export function displacementOf(tiles: readonly { reference: Reference; real: Float32Array }[]): Displacement {
  const side = 2 * REACH + 1;
  const sums = new Float64Array(side * side);
  let [ownSquares, otherSquares] = [0, 0];
  for (const { reference, real } of tiles) {
    const { height, width } = reference;
    const reach = { y: Math.min(REACH, Math.floor(height / 4)), x: Math.min(REACH, Math.floor(width / 4)) };
    const own = centred(reference.values);
    const other = centred(real);
    // The middle of the reference meets all of the displaced real tile, so that each displacement sees as many pixels.
    for (let y = reach.y; y < height - reach.y; y++) {
      for (let x = reach.x; x < width - reach.x; x++) {
        const value = own[y * width + x]!;
        ownSquares += value * value;
        otherSquares += other[y * width + x]! ** 2;
        for (let dy = -reach.y; dy <= reach.y; dy++) {
          const row = (y + dy) * width + x;
          const to = (dy + REACH) * side + REACH;
          for (let dx = -reach.x; dx <= reach.x; dx++) sums[to + dx]! += value * other[row + dx]!;
        }
      }
    }
  }
  let best = REACH * side + REACH;
  for (let n = 0; n < sums.length; n++) if (sums[n]! > sums[best]!) best = n;
  const correlation = sums[best]! / Math.sqrt(ownSquares * otherSquares || 1);
  return { x: (best % side) - REACH, y: Math.floor(best / side) - REACH, correlation };
}

function centred(values: Float32Array): Float32Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}
