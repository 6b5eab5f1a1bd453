/**
 * A way through the space of a search, along one number, on which noise changes about evenly: a standard deviation is stepped by its
 * square, for these add up, and a number of photons by its inverse, which variance is in proportion to. What is a number of another
 * one, as read noise in electrons, goes along with it, for by itself it would change when that does.
 */
import { type Point, placeOf, type Range, type SearchSpace, valueAt } from "../search/search-space.js";

export class Line {
  /** Which coordinate of the space. */
  readonly coordinate: number;
  readonly #range: Range;
  readonly #scale: Scale;
  /** Ranges that are relative to this one. */
  readonly #followers: readonly Range[];
  readonly #start: Point;

  /** @param start Where steps begin. */
  constructor(space: SearchSpace, coordinate: number, start: Point) {
    const range = space.ranges[coordinate]!;
    this.coordinate = coordinate;
    this.#range = range;
    this.#scale = range.whole || range.acts === undefined ? evenly : scales[range.acts];
    this.#followers = space.ranges.filter(({ relativeTo }) => relativeTo === range.name);
    this.#start = start;
  }

  get isWhole(): boolean {
    return this.#range.whole === true;
  }

  /** Where a step leads from a place, which may be another one than the start. A step of 1 is the whole range. */
  moved(from: Point, step: number): Point {
    return this.#withValue(from, this.#unitAt(from) * this.#scale.value(this.#range, this.#placeOf(from) + step));
  }

  /** The step that leads from the start to where this number is as it is there, beside those of other lines. */
  stepTo(point: Point): number {
    return this.#placeOf(point) - this.#placeOf(this.#start);
  }

  /** The start with the number moved by a share of its range, away from the nearer end; of a whole number, to another at least. */
  beside(share: number): Point {
    const { name, whole } = this.#range;
    const value = this.#start[name]!;
    const place = placeOf(this.#range, value);
    const sign = awayFromEnd(place);
    const moved = valueAt(this.#range, place + sign * share);
    return this.#withValue(this.#start, whole && moved === value ? value + sign * Math.sign(share) : moved);
  }

  /** The same, further for what a share of a logarithmic range leaves as small as it was. */
  faraway(share: number): Point {
    if (this.#scale === evenly) return this.beside(share);
    const { name, min, max } = this.#range;
    const value = this.#start[name]!;
    return this.#withValue(this.#start, value + awayFromEnd(placeOf(this.#range, value)) * share * (max - min));
  }

  #withValue(from: Point, asked: number): Point {
    const { name, min, max } = this.#range;
    const value = Math.min(Math.max(asked, min), max);
    const ratio = value / from[name]!;
    const along = this.#followers.map((one): [string, number] => [
      one.name,
      Math.min(Math.max(ratio * from[one.name]!, one.min), one.max),
    ]);
    return { ...from, ...Object.fromEntries(along), [name]: value };
  }

  #placeOf(point: Point): number {
    return this.#scale.place(this.#range, point[this.#range.name]! / this.#unitAt(point));
  }

  /** By how much more this number stands for the same noise as at the start. */
  #unitAt(point: Point): number {
    const { relativeTo } = this.#range;
    return relativeTo === undefined ? 1 : point[relativeTo]! / this.#start[relativeTo]!;
  }
}

/** Where a step along each of the lines leads. */
export function along(lines: readonly Line[], from: Point, steps: Float64Array): Point {
  return lines.reduce((point, line, f) => line.moved(point, steps[f]!), from);
}

/** Places along a range, from 0 to 1; the value of one beyond is held at its end, or may lie beyond itself. */
interface Scale {
  place(range: Range, value: number): number;
  value(range: Range, place: number): number;
}

const evenly: Scale = { place: placeOf, value: valueAt };

const scales: Readonly<Record<NonNullable<Range["acts"]>, Scale>> = {
  BY_SQUARE: {
    place: ({ min, max }, value) => (value ** 2 - min ** 2) / (max ** 2 - min ** 2),
    value: ({ min, max }, place) => Math.sqrt(min ** 2 + Math.max(place, 0) * (max ** 2 - min ** 2)),
  },
  BY_INVERSE: {
    place: ({ min, max }, value) => (1 / min - 1 / value) / (1 / min - 1 / max),
    value: ({ min, max }, place) => 1 / (1 / min - held(place) * (1 / min - 1 / max)),
  },
};

function awayFromEnd(place: number): 1 | -1 {
  return place < 0.5 ? 1 : -1;
}

function held(place: number): number {
  return Math.min(Math.max(place, 0), 1);
}
