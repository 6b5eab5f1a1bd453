/**
 * The last step of a fit and its intervals. The best place was found with one set of random numbers, and fits these too; with others,
 * and slopes taken anew, a linear step leads to where real and simulated tiles agree on average, and the same step for tiles drawn
 * again and again tells how far that is to be trusted (B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993).
 */
import type { Point, SearchSpace } from "../search/search-space.js";
import { type NoiseFeatures, totalOf } from "../statistics/noise-features.js";
import type { TileStatistics } from "../statistics/tile-statistics.js";
import type { FittedParameter } from "./fit-outcome.js";
import { LinearStep } from "./linear-step.js";
import type { SeenLook } from "./looks.js";
import { percentileInterval } from "./percentile-interval.js";
import { type Line, linesFrom } from "./slopes.js";
import { differenceOf, lengthOf, meanOf, squareOf } from "./vectors.js";

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

/** No last step is longer, along the lines that slopes were taken on: these are not those of places far away. */
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
    const { space, features, real, draws, isFixed, take } = options;
    const at = space.encode(best.point);
    const lines = await linesFrom(best, options);
    const step = new LinearStep(lines.map(({ slope }) => slope));
    const target = features.of(real);
    const seen: SeenLook[] = [];
    for (let draw = 1; draw <= draws; draw++) seen.push(await take(best.point, draw));
    const wanted = differenceOf(target, meanOf(seen.map(({ statistics }) => features.of(statistics))));
    const moved = isFixed ? at : space.snap(movedBy(at, lines, step.towards(wanted)));
    const refined = isFixed ? seen[0]! : await take(space.decode(moved), 1);
    // With the same random numbers: whether it is a step at all does not depend on their luck.
    const isBetter = !isFixed && refined.distance <= WORSE * seen[0]!.distance;
    const [place, look] = isBetter ? [moved, refined] : [at, seen[0]!];
    const { steps, widening } = resampled(options, seen, wanted, step, lines);
    const tiles = Math.min(real.length, best.statistics.length);
    const point = space.decode(place);
    const parameters = space.ranges.map(({ name }, d): FittedParameter => {
      const f = lines.findIndex(({ coordinate }) => coordinate === d);
      // Of a step that was left out.
      if (f < 0) return { path: name, value: 0, low: 0, high: 0, isIdentified: false, sensitivity: 0 };
      const line = lines[f]!;
      // What tiles hardly depend on, they do not tell: no number of its range is less likely than another.
      const isTold = lengthOf(line.slope) > WEAKEST_SLOPE;
      const own = steps.map((sample) => sample[f]!);
      const around = isTold ? percentileInterval(0, own, tiles) : { low: -1, high: 1 };
      const here = line.stepTo(place[d]!);
      const from = (length: number) => line.to(here + length);
      const end = (coordinate: number) => space.decode(place.with(d, coordinate))[name]!;
      const changed = target.map((one, n) => one + line.across(MOVE) * line.slope[n]!);
      return {
        path: name,
        value: point[name]!,
        low: end(Math.min(from(widening * around.low), place[d]! - RESOLUTION)),
        high: end(Math.max(from(widening * around.high), place[d]! + RESOLUTION)),
        // Whether tiles tell it does not depend on how well the template describes them.
        isIdentified: from(around.high) - from(around.low) < UNIDENTIFIED,
        sensitivity: totalOf(features.distance(target, changed)) - totalOf(features.distance(target, target)),
      };
    });
    return new RefinedFit(point, look.distance, parameters);
  }
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
  { features, real, isPaired, random }: RefineOptions,
  seen: readonly SeenLook[],
  wanted: Float64Array,
  step: LinearStep,
  lines: readonly Line[],
): Resampled {
  const rest = (difference: Float64Array, taken: Float64Array) =>
    difference.map((one, n) => one - taken.reduce((sum, by, f) => sum + by * lines[f]!.slope[n]!, 0));
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
  const widening = lines.length === 0 || expected === 0 ? 1 : Math.sqrt(Math.max(1, squareOf(left) / expected));
  return { steps, widening };
}

/** How often each tile is drawn. */
function drawn(tiles: number, random: () => number): Float64Array {
  const times = new Float64Array(tiles);
  for (let n = 0; n < tiles; n++) times[Math.floor(random() * tiles)]!++;
  return times;
}

function movedBy(at: Float64Array, lines: readonly Line[], step: Float64Array): Float64Array {
  const moved = at.slice();
  lines.forEach((line, f) => {
    moved[line.coordinate] = line.to(Math.min(Math.max(step[f]!, -LONGEST_STEP), LONGEST_STEP));
  });
  return moved;
}
