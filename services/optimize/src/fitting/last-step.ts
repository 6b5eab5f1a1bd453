/**
 * The last step of a fit: along lines, from the best place to where real and simulated tiles agree on average. Slopes were taken over
 * longer ways than it goes, and noise may be rugged on the way, for counted photons lie on a grid, and pixels are whole numbers. So
 * what the step has done is looked at. Where the features have changed otherwise than they should, tiles seen from the best place and
 * tiles seen from where the step led tell two places: what is found is their mean, in doubt by half of their difference.
 */
import type { Point, SearchSpace } from "../search/search-space.js";
import { along } from "./line.js";
import type { LinearStep } from "./linear-step.js";
import type { SeenLook } from "./looks.js";
import type { Slope } from "./slopes.js";
import { differenceOf } from "./vectors.js";

export interface LastStep {
  /** At what is found. */
  look: SeenLook;
  /** By line, the deviation of what is found that comes of ruggedness: all of them go together. */
  doubts: Float64Array;
}

export interface LastStepOptions {
  space: SearchSpace;
  featuresOf(look: SeenLook): Float64Array;
  slopes: readonly Slope[];
  step: LinearStep;
  /** How the features should change. */
  wanted: Float64Array;
  /** Looks at a place with the same random numbers as before: whether it is a step at all does not depend on their luck. */
  take(point: Point): Promise<SeenLook>;
}

/** No last step is longer, along the lines that slopes were taken on: these are not those of places far away. */
const LONGEST_STEP = 0.1;
/** Tiles that differ by so much more than elsewhere are none to stay at. */
const WORSE = 1.1;

/** Takes two looks. @param from At the best place; there is one line at least. */
export async function lastStep(from: SeenLook, options: LastStepOptions): Promise<LastStep> {
  const { space, featuresOf, slopes, step, wanted, take } = options;
  const lines = slopes.map(({ line }) => line);
  const placeAfter = (by: Float64Array) => space.snapped(along(lines, from.point, by.map(heldStep)));
  const first = await take(placeAfter(step.towards(wanted)));
  // As far as ends of ranges and whole numbers let it go.
  const gone = Float64Array.from(lines, (line) => line.stepTo(first.point));
  const changed = differenceOf(featuresOf(first), featuresOf(from));
  const tooFar = step.towards(differenceOf(changed, changeBy(slopes, gone)));
  const doubts = tooFar.map((one) => heldStep(one / 2));
  const second = await take(placeAfter(gone.map((one, f) => one - doubts[f]!)));
  const look = [first, from].reduce((best, one) => (WORSE * one.distance < best.distance ? one : best), second);
  return { look, doubts };
}

/** How the features change after a step along each line. */
export function changeBy(slopes: readonly Slope[], steps: Float64Array): Float64Array {
  const change = new Float64Array(slopes[0]?.features.length ?? 0);
  for (const [f, { features }] of slopes.entries()) features.forEach((slope, n) => (change[n]! += steps[f]! * slope));
  return change;
}

function heldStep(step: number): number {
  return Math.min(Math.max(step, -LONGEST_STEP), LONGEST_STEP);
}
