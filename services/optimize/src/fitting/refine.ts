/**
 * The last step of a fit and its intervals. The best place was found with one set of random numbers, and fits these too; with others,
 * and slopes taken anew, a linear step leads to where real and simulated tiles agree on average, and the same step for tiles drawn
 * again and again tells how far that is to be trusted (B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993).
 */
import { dot } from "../search/dot.js";
import type { Point, SearchSpace } from "../search/search-space.js";
import { type NoiseFeatures, totalOf } from "../statistics/noise-features.js";
import type { TileStatistics } from "../statistics/tile-statistics.js";
import type { FittedParameter } from "./fit-outcome.js";
import { LinearStep } from "./linear-step.js";
import type { SeenLook } from "./looks.js";
import { percentileInterval } from "./percentile-interval.js";

export interface RefineOptions {
  space: SearchSpace;
  /** The coordinates whose steps are part of the crappifier; all others stay. */
  free: readonly number[];
  features: NoiseFeatures;
  real: readonly TileStatistics[];
  /** Whether simulated tiles are of the same fields as the real ones. */
  isPaired: boolean;
  /** Sets of random numbers. */
  draws: number;
  /** Whether the place is kept, and only intervals are wanted. */
  isFixed: boolean;
  /** Looks at the fitted tiles with one of the sets of random numbers; 0 is that of the search. */
  take(point: Point, draw: number): Promise<SeenLook>;
  /** From 0 to below 1. */
  random: () => number;
}

/** Of a range, for slopes. */
const PROBE = 0.006;
const LONG_PROBE = 0.12;
/** Of the vector: less may be the rounding of pixels. */
const SEEN_CHANGE = 1.5;
/** No last step is longer: slopes are not those of places far away. */
const LONGEST_STEP = 0.1;
/** A step after which real and simulated tiles differ by so much more than before was none. */
const WORSE = 1.1;
const RESAMPLES = 400;
/** Of a range: what the descent does not tell apart. */
const RESOLUTION = 1e-3;
/** An interval of this share of the range or more tells nothing. */
const UNIDENTIFIED = 0.5;
/** Of the vector along a whole range: with less, 95 % of what noise makes of it are wider than UNIDENTIFIED. */
const WEAKEST_SLOPE = (2 * 1.96) / UNIDENTIFIED;
/** Of the range, for the sensitivity. */
const MOVE = 0.1;

export class RefinedFit {
  readonly point: Point;
  readonly distance: number;
  readonly parameters: readonly FittedParameter[];

  private constructor(point: Point, distance: number, parameters: readonly FittedParameter[]) {
    this.point = point;
    this.distance = distance;
    this.parameters = parameters;
  }

  static async around(best: SeenLook, options: RefineOptions): Promise<RefinedFit> {
    const { space, free, features, real, draws, isFixed, take } = options;
    const at = space.encode(best.point);
    const slopes = await slopesAt(at, best, options);
    const step = new LinearStep(slopes);
    const target = features.of(real);
    const seen: SeenLook[] = [];
    for (let draw = 1; draw <= draws; draw++) seen.push(await take(best.point, draw));
    const wanted = differenceOf(target, meanOf(seen.map(({ statistics }) => features.of(statistics))));
    const moved = isFixed ? at : movedBy(at, free, step.towards(wanted), space);
    const refined = isFixed ? seen[0]! : await take(space.decode(moved), 1);
    // With the same random numbers: whether it is a step at all does not depend on their luck.
    const isBetter = !isFixed && refined.distance <= WORSE * seen[0]!.distance;
    const [place, look] = isBetter ? [moved, refined] : [at, seen[0]!];
    const { steps, widening } = resampled(options, seen, wanted, slopes);
    const tiles = Math.min(real.length, best.statistics.length);
    const point = space.decode(place);
    const parameters = space.ranges.map(({ name }, d): FittedParameter => {
      const value = point[name]!;
      const f = free.indexOf(d);
      // Of a step that was left out.
      if (f < 0) return { path: name, value: 0, low: 0, high: 0, isIdentified: false, sensitivity: 0 };
      const own = steps.map((sample) => sample[f]!);
      // What tiles hardly depend on, they do not tell: no number from 0 to 1 is less likely than another.
      const isTold = Math.sqrt(squareOf(slopes[f]!)) > WEAKEST_SLOPE;
      const around = isTold ? percentileInterval(0, own, tiles) : { low: -1, high: 1 };
      const below = Math.min(widening * around.low, -RESOLUTION);
      const above = Math.max(widening * around.high, RESOLUTION);
      const end = (coordinate: number) => {
        const other = place.slice();
        other[d] = held(coordinate);
        return space.decode(other)[name]!;
      };
      const changed = target.map((one, n) => one + MOVE * slopes[f]![n]!);
      return {
        path: name,
        value,
        low: end(place[d]! + below),
        high: end(place[d]! + above),
        // Whether tiles tell it does not depend on how well the template describes them.
        isIdentified: around.high - around.low < UNIDENTIFIED,
        sensitivity: totalOf(features.distance(target, changed)) - totalOf(features.distance(target, target)),
      };
    });
    return new RefinedFit(point, look.distance, parameters);
  }
}

/** With the random numbers of the search, along each free coordinate. */
async function slopesAt(at: Float64Array, best: SeenLook, { space, free, features, take }: RefineOptions) {
  const slopes: Float64Array[] = [];
  const base = features.of(best.statistics);
  for (const d of free) {
    const slopeTo = async (place: Point) => {
      const { point, statistics } = await take(place, 0);
      const moved = space.encode(point)[d]! - at[d]!;
      const there = features.of(statistics);
      return there.map((value, n) => (moved === 0 ? 0 : (value - base[n]!) / moved));
    };
    const slope = await slopeTo(nearby(at, d, PROBE, space));
    // A blur of nothing, or noise that is small beside other noise, is told by more of it: rounding hides less.
    const isWeak = PROBE * Math.sqrt(squareOf(slope)) < SEEN_CHANGE && !space.ranges[d]!.whole;
    slopes.push(isWeak ? await slopeTo(nearby(at, d, LONG_PROBE, space)) : slope);
  }
  return slopes;
}

/** Away from the nearer end of the range. */
function nearby(at: Float64Array, d: number, length: number, space: SearchSpace): Point {
  const range = space.ranges[d]!;
  const sign = at[d]! < 0.5 ? 1 : -1;
  if (range.whole) {
    const point = space.decode(at);
    return { ...point, [range.name]: point[range.name]! + sign };
  }
  const probe = at.slice();
  probe[d]! += sign * length;
  return space.decode(probe);
}

interface Resampled {
  /** The linear steps of other tiles of the same kind, less that of these tiles. */
  steps: Float64Array[];
  /**
   * How many times more is left of the difference after these tiles' step than tiles differ by: 1, or more where no crappifier of
   * the template is the real one, or the search has not come to its end. Intervals are wider by it (R. T. Birge's ratio).
   */
  widening: number;
}

function resampled(
  { features, real, isPaired, random, free }: RefineOptions,
  seen: readonly SeenLook[],
  wanted: Float64Array,
  slopes: readonly Float64Array[],
): Resampled {
  const step = new LinearStep(slopes);
  const rest = (difference: Float64Array, taken: Float64Array) =>
    difference.map((one, n) => one - taken.reduce((sum, by, f) => sum + by * slopes[f]![n]!, 0));
  const first = step.towards(wanted);
  const left = rest(wanted, first);
  const simulatedTiles = seen[0]!.statistics.length;
  let squares = 0;
  const steps = Array.from({ length: RESAMPLES }, () => {
    const times = drawn(real.length, random);
    const simulatedTimes = isPaired ? times : drawn(simulatedTiles, random);
    const simulated = meanOf(seen.map(({ statistics }) => features.of(statistics, simulatedTimes)));
    const other = differenceOf(features.of(real, times), simulated);
    const taken = step.towards(other);
    squares += squareOf(differenceOf(rest(other, taken), left));
    return taken.map((value, n) => value - first[n]!);
  });
  const expected = squares / RESAMPLES;
  const widening = free.length === 0 || expected === 0 ? 1 : Math.sqrt(Math.max(1, squareOf(left) / expected));
  return { steps, widening };
}

function squareOf(vector: Float64Array): number {
  return dot(vector, vector);
}

/** How often each tile is drawn. */
function drawn(tiles: number, random: () => number): Float64Array {
  const times = new Float64Array(tiles);
  for (let n = 0; n < tiles; n++) times[Math.floor(random() * tiles)]!++;
  return times;
}

function movedBy(at: Float64Array, free: readonly number[], step: Float64Array, space: SearchSpace): Float64Array {
  const moved = at.slice();
  free.forEach((d, f) => {
    moved[d] = held(at[d]! + Math.min(Math.max(step[f]!, -LONGEST_STEP), LONGEST_STEP));
  });
  return space.snap(moved);
}

function meanOf(vectors: readonly Float64Array[]): Float64Array {
  return vectors[0]!.map((_, n) => vectors.reduce((sum, vector) => sum + vector[n]!, 0) / vectors.length);
}

function differenceOf(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, n) => value - b[n]!);
}

function held(coordinate: number): number {
  return Math.min(Math.max(coordinate, 0), 1);
}
