/**
 * How the noise of simulated tiles changes along each number that is looked for, near the best place. Slopes have to be good: two
 * numbers that go together, such as photons and read noise, are told apart by the little by which theirs differ, and what random
 * numbers or a bend of the way add to a slope looks like such a difference. So they are taken from both sides, along lines on which
 * noise changes evenly.
 */
import type { Point, SearchSpace } from "../search/search-space.js";
import type { NoiseFeatures } from "../statistics/noise-features.js";
import { Line } from "./line.js";
import type { SeenLook } from "./looks.js";
import { differenceOf, lengthOf } from "./vectors.js";

export interface Slope {
  line: Line;
  /** How the features change with a step of 1 along the line. */
  features: Float64Array;
  /** The same of other tiles of the same kind: how often each counts. */
  ofTiles(times: ArrayLike<number>): Float64Array;
}

export interface SlopeOptions {
  space: SearchSpace;
  /** The coordinates along which slopes are wanted. */
  free: readonly number[];
  features: NoiseFeatures;
  /** Looks at the fitted tiles with the random numbers of the search. */
  take(point: Point, draw: 0): Promise<SeenLook>;
}

/** Of a range, to either side. */
const PROBE = 0.025;
/** The same where that is not seen. */
const LONG_PROBE = 0.12;
/** Of the vector of features: less may be the rounding of pixels. */
const SEEN_CHANGE = 1.5;

/** Takes at most two looks for each. */
export async function slopesFrom(best: SeenLook, { space, free, features, take }: SlopeOptions): Promise<Slope[]> {
  const seenAt = ({ point, statistics }: SeenLook): Seen => ({ point, of: (times) => features.of(statistics, times) });
  const here = seenAt(best);
  const look = async (asked: Point) => seenAt(await take(asked, 0));
  const slopes: Slope[] = [];
  for (const coordinate of free) {
    const line = new Line(space, coordinate, best.point);
    const near = await look(line.beside(PROBE));
    if (line.isWhole) slopes.push(slopeOf(line, here, near));
    else if (!isSeen(here, near)) slopes.push(slopeOf(line, here, await look(line.faraway(LONG_PROBE))));
    else {
      const other = await look(line.beside(-PROBE));
      // What is the same to both sides, as which way a sample drifts, has the slope of one.
      slopes.push(slopeOf(line, isSeen(other, near) ? other : here, near));
    }
  }
  return slopes;
}

interface Seen {
  point: Point;
  /** Its features; `times`: how often each tile counts. */
  of(times?: ArrayLike<number>): Float64Array;
}

function changeOf(from: Seen, to: Seen, times?: ArrayLike<number>): Float64Array {
  return differenceOf(to.of(times), from.of(times));
}

function isSeen(from: Seen, to: Seen): boolean {
  return lengthOf(changeOf(from, to)) >= SEEN_CHANGE;
}

function slopeOf(line: Line, from: Seen, to: Seen): Slope {
  // What even a long way does not change is not told by these tiles.
  const length = isSeen(from, to) ? line.stepTo(to.point) - line.stepTo(from.point) : Infinity;
  const ofTiles = (times?: ArrayLike<number>) => changeOf(from, to, times).map((one) => one / length);
  return { line, features: ofTiles(), ofTiles };
}
