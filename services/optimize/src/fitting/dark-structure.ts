/**
 * Whether what is given as dark frames is dark. Two frames differ by noise, which neighbours do not share; where they do, along rows
 * and along columns, something was seen. Noise of whole rows, as of some scanning detectors, is shared along rows alone.
 */
import { unsuitable } from "../refuse.js";
import type { DetectorTiles } from "./fit-problem.js";

/** Pearson's correlation of neighbours. */
const MOST_SHARED = 0.5;

/** @throws PssrError UNSUITABLE_IMAGES, naming the frame's field. */
export function checkDarkFrames(frames: DetectorTiles["darkFrames"]): void {
  for (const { first, second } of frames) {
    const { height, width, field } = second ?? first;
    const differences = Float64Array.from(first.values, (value, n) => value - (second?.values[n] ?? 0));
    const shared = Math.min(sharedBy(differences, height, width, 1), sharedBy(differences, height, width, width));
    if (shared <= MOST_SHARED) continue;
    const what = second === undefined ? "it shows" : `it differs from ${first.field} by`;
    throw unsuitable(
      field,
      `${what} structure, and not noise alone (neighbours correlate by ${shared.toFixed(2)}); give frames that were taken without light or beam`,
    );
  }
}

/** Correlation of pixels with those so many further on, 0 where there is nothing to correlate. */
function sharedBy(values: Float64Array, height: number, width: number, step: number): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [products, squares] = [0, 0];
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      const at = y * width + x;
      const own = values[at]! - mean;
      products += own * (values[at + step]! - mean);
      squares += own * own;
    }
  }
  return squares > 0 ? products / squares : 0;
}
