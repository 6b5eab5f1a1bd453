/**
 * By how much less than a pixel the two images of a pair lie apart. An image that is displaced a little differs from the other by its
 * slopes along rows and columns: how much of them is in the difference is found by least squares, beside another contrast and
 * another brightness (B. D. Lucas and T. Kanade, IJCAI 1981).
 */
import { CholeskyFactor } from "../search/cholesky-factor.js";
import type { Registered } from "./registration.js";

export interface SmallShift {
  /** Low-resolution pixels that the real image lies to the right of where it should be, and below it. */
  x: number;
  y: number;
  /** Their standard errors, where neighbours differ alike as far as a blur reaches. */
  errorX: number;
  errorY: number;
}

/** Of the pixels: so many tell as much as independent ones would. */
const INDEPENDENT = 1 / 25;
/** Slopes along rows and columns, contrast, brightness. */
const SIZE = 4;

/** Undefined where the images show too little: nothing that changes along rows or columns. */
export function smallShiftOf(tiles: readonly Registered[]): SmallShift | undefined {
  const sums = new Float64Array(SIZE * SIZE);
  const right = new Float64Array(SIZE);
  let [squares, pixels] = [0, 0];
  for (const { reference, real } of tiles) {
    const { height, width, values } = reference;
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1; x < width - 1; x++) {
        const at = y * width + x;
        const terms = [
          (values[at + 1]! - values[at - 1]!) / 2,
          (values[at + width]! - values[at - width]!) / 2,
          values[at]!,
          1,
        ];
        const difference = real[at]! - values[at]!;
        squares += difference * difference;
        pixels++;
        for (let n = 0; n < SIZE; n++) {
          right[n]! += terms[n]! * difference;
          for (let m = 0; m < SIZE; m++) sums[n * SIZE + m]! += terms[n]! * terms[m]!;
        }
      }
    }
  }
  const factor = new CholeskyFactor();
  for (let n = 0; n < SIZE; n++) {
    if (!factor.append(sums.subarray(n * SIZE, n * SIZE + n), sums[n * SIZE + n]!)) return undefined;
  }
  const found = right.slice();
  factor.solve(found);
  const left = squares - found.reduce((sum, one, n) => sum + one * right[n]!, 0);
  const variance = Math.max(left, 0) / Math.max(pixels - SIZE, 1) / INDEPENDENT;
  const errorOf = (n: number) => {
    const unit = new Float64Array(SIZE);
    unit[n] = 1;
    factor.solve(unit);
    return Math.sqrt(variance * unit[n]!);
  };
  return { x: -found[0]!, y: -found[1]!, errorX: errorOf(0), errorY: errorOf(1) };
}
