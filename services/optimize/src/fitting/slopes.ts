/**
 * How the noise of simulated tiles changes along each number that is looked for, near the best place. Slopes have to be good: two
 * numbers that go together, such as photons and read noise, are told apart by the little by which theirs differ, and what random
 * numbers add to a slope looks like such a difference. So they are taken from both sides.
 */
import { type Point, placeOf, type Range, type SearchSpace, valueAt } from "../search/search-space.js";
import type { NoiseFeatures } from "../statistics/noise-features.js";
import type { SeenLook } from "./looks.js";
import { differenceOf, lengthOf } from "./vectors.js";

/** A way through the space of a search, along one number, on which features change about evenly. */
export interface Line {
  /** Which coordinate of the space. */
  readonly coordinate: number;
  /** How the features change with a step of 1, which is the whole range. */
  readonly slope: Float64Array;
  /** The coordinate that a step from the best place leads to, from 0 to 1. */
  to(step: number): number;
  /** The step that leads to a coordinate. */
  stepTo(coordinate: number): number;
  /** How far a step along this share of the range leads, away from its nearer end; of a whole number, to another one at least. */
  across(share: number): number;
}

export interface SlopeOptions {
  space: SearchSpace;
  /** The coordinates along which lines are wanted. */
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

/** Takes at most two looks for each line. */
export async function linesFrom(best: SeenLook, { space, free, features, take }: SlopeOptions): Promise<Line[]> {
  const at = space.encode(best.point);
  const here: Seen = { point: best.point, vector: features.of(best.statistics) };
  const look = async (range: Range, value: number): Promise<Seen> => {
    const { point, statistics } = await take({ ...best.point, [range.name]: value }, 0);
    return { point, vector: features.of(statistics) };
  };
  const lines: Line[] = [];
  for (const d of free) {
    const range = space.ranges[d]!;
    const value = best.point[range.name]!;
    const line = (scale: Scale, from: Seen, to: Seen) => new StraightLine(d, range, scale, value, from, to);
    // Away from the nearer end of the range.
    const sign = awayFromEnd(at[d]!);
    if (range.whole) {
      lines.push(line(evenly, here, await look(range, value + sign)));
      continue;
    }
    const near = await look(range, evenly.value(range, held(at[d]! + sign * PROBE)));
    const isSeen = lengthOf(differenceOf(near.vector, here.vector)) >= SEEN_CHANGE;
    // What deviations add up to is the sum of their squares.
    const scale = range.isDeviation ? inSquares : evenly;
    if (!isSeen) lines.push(line(scale, here, await look(range, distant(range, value, scale, sign))));
    else {
      const other = await look(range, evenly.value(range, held(at[d]! - sign * PROBE)));
      // What is the same to both sides, as which way a sample drifts, is a slope from here.
      const isEven = lengthOf(differenceOf(near.vector, other.vector)) < SEEN_CHANGE;
      lines.push(line(scale, isEven ? here : other, near));
    }
  }
  return lines;
}

interface Seen {
  point: Point;
  vector: Float64Array;
}

/** Places along a range, from 0 to 1, on which features change evenly. */
interface Scale {
  place(range: Range, value: number): number;
  value(range: Range, place: number): number;
}

const evenly: Scale = { place: placeOf, value: valueAt };

const inSquares: Scale = {
  place: ({ min, max }, value) => (value ** 2 - min ** 2) / (max ** 2 - min ** 2),
  value: ({ min, max }, place) => Math.sqrt(min ** 2 + place * (max ** 2 - min ** 2)),
};

/** Where more is seen than at PROBE. */
function distant(range: Range, value: number, scale: Scale, sign: number): number {
  if (scale === evenly) return evenly.value(range, held(evenly.place(range, value) + sign * LONG_PROBE));
  const { min, max } = range;
  return Math.min(Math.max(value + sign * LONG_PROBE * (max - min), min), max);
}

class StraightLine implements Line {
  readonly coordinate: number;
  readonly slope: Float64Array;
  readonly #range: Range;
  readonly #scale: Scale;
  /** Of the best place. */
  readonly #place: number;

  constructor(coordinate: number, range: Range, scale: Scale, value: number, from: Seen, to: Seen) {
    this.coordinate = coordinate;
    this.#range = range;
    this.#scale = scale;
    this.#place = scale.place(range, value);
    const length = scale.place(range, to.point[range.name]!) - scale.place(range, from.point[range.name]!);
    const change = differenceOf(to.vector, from.vector);
    // What even a long way does not change is not told by these tiles.
    const isSeen = lengthOf(change) >= SEEN_CHANGE;
    this.slope = change.map((one) => (isSeen ? one / length : 0));
  }

  to(step: number): number {
    return evenly.place(this.#range, this.#scale.value(this.#range, held(this.#place + step)));
  }

  stepTo(coordinate: number): number {
    return this.#scale.place(this.#range, evenly.value(this.#range, held(coordinate))) - this.#place;
  }

  across(share: number): number {
    const from = this.to(0);
    const { min, max, whole } = this.#range;
    const length = whole ? Math.max(share, 1 / (max - min + 1)) : share;
    return this.stepTo(from + awayFromEnd(from) * length);
  }
}

function awayFromEnd(coordinate: number): 1 | -1 {
  return coordinate < 0.5 ? 1 : -1;
}

function held(place: number): number {
  return Math.min(Math.max(place, 0), 1);
}
