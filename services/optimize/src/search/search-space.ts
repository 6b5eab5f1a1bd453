/**
 * The parameters of a search and their place in the unit cube, which the Gaussian process sees: whole numbers at the middles of equal
 * parts, switches at its ends. What is switched off has no effect, and stands in the middle of its range.
 */

export interface Range {
  name: string;
  /** Inclusive. */
  min: number;
  max: number;
  /** LOG where ratios count rather than differences; `min` must be above 0 then. */
  scale: "LINEAR" | "LOG";
  whole?: boolean;
  /** How what is looked at changes with it: evenly where nothing is said, or with its square, or its inverse. */
  acts?: "BY_SQUARE" | "BY_INVERSE";
  /** The name of the range that this is a number of, if any: what the two do depends on their ratio. */
  relativeTo?: string;
  /** The switch that this parameter belongs to, if any. */
  switch?: string;
}

export interface Switch {
  name: string;
}

/** A choice for each parameter and switch (0: off, 1: on). */
export type Point = Readonly<Record<string, number>>;

export class SearchSpace {
  readonly ranges: readonly Range[];
  readonly switches: readonly Switch[];

  constructor(ranges: readonly Range[], switches: readonly Switch[] = []) {
    this.ranges = ranges;
    this.switches = switches;
  }

  get dimensions(): number {
    return this.ranges.length + this.switches.length;
  }

  /** Which coordinates may take any value, and not some alone. */
  get smooth(): boolean[] {
    return [...this.ranges.map((range) => !range.whole), ...this.switches.map(() => false)];
  }

  /** Coordinates in the cube that stand for a point, nearest to the given ones. */
  snap(coordinates: Float64Array): Float64Array {
    return this.encode(this.decode(coordinates));
  }

  /** The nearest point there is: whole numbers whole, all within their ranges. */
  snapped(point: Point): Point {
    return this.decode(this.encode(point));
  }

  decode(coordinates: Float64Array): Point {
    const values = this.ranges.map((range, d): [string, number] => [range.name, valueAt(range, coordinates[d]!)]);
    const chosen = this.switches.map(({ name }, s): [string, number] => [
      name,
      coordinates[this.ranges.length + s]! >= 0.5 ? 1 : 0,
    ]);
    return Object.fromEntries([...values, ...chosen]);
  }

  encode(point: Point): Float64Array {
    const coordinates = this.ranges.map((range) =>
      range.switch !== undefined && point[range.switch] === 0 ? 0.5 : placeOf(range, point[range.name]!),
    );
    return Float64Array.from([...coordinates, ...this.switches.map(({ name }) => point[name]!)]);
  }
}

/** At a place within a range, from 0 to 1. */
export function valueAt({ min, max, scale, whole }: Range, place: number): number {
  const held = Math.min(Math.max(place, 0), 1);
  if (whole) {
    const count = max - min + 1;
    if (scale === "LINEAR") return min + Math.min(Math.floor(held * count), count - 1);
    return Math.min(Math.max(Math.round(min * (max / min) ** held), min), max);
  }
  // By rounding, an end may come out beyond itself.
  return Math.min(Math.max(scale === "LINEAR" ? min + held * (max - min) : min * (max / min) ** held, min), max);
}

/** Of a value within a range, from 0 to 1. */
export function placeOf({ min, max, scale, whole }: Range, value: number): number {
  if (min === max) return 0.5;
  if (scale === "LOG") return Math.log(value / min) / Math.log(max / min);
  return whole ? (value - min + 0.5) / (max - min + 1) : (value - min) / (max - min);
}
