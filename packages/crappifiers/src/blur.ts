/** Gaussian blur of a plane in place. */
import { kernelMemory, kernels } from "./kernels.js";
import type { Plane } from "./plane.js";
import type { StageGrid, StepProblem } from "./step.js";

/** The kernels cut a Gaussian here, in standard deviations. */
const REACH = 4;
/** The widest that the kernels know, standard deviation in pixels. */
const WIDEST = 64;

/** @param sigma Standard deviation in pixels, at most 64; what a draw makes wider is held there. */
export function blur({ at, pixels, height, width }: Plane, sigma: number): void {
  kernelMemory.lend(4 * pixels, (scratch) => kernels.blurPlane(at, scratch, height, width, Math.min(sigma, WIDEST)));
}

/** Rows (and columns) around a pixel that the kernels take into account. */
export function blurReach(sigma: number): number {
  return Math.trunc(REACH * Math.min(sigma, WIDEST) + 0.5);
}

/** Whether the blur would be wider than the tile, so that little else than its edges were left. */
export function blurProblem<Name extends string>(
  parameter: Name,
  sigma: number,
  { height, width }: StageGrid,
): StepProblem<Name> | undefined {
  const side = Math.min(height, width);
  const largest = Math.min(WIDEST, side / (2 * REACH));
  if (sigma <= largest) return undefined;
  const shown = Number(sigma.toPrecision(3));
  return {
    parameter,
    message: `a blur of ${shown} pixels (standard deviation) is wider than this stage's tile of ${side}; at most ${largest} fit: use larger tiles, or less blur`,
  };
}
