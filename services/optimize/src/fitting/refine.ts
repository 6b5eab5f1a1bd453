/**
 * The end of a fit, and its intervals. The best place was found with one set of random numbers, and fits these too; with others,
 * and slopes taken anew, a last step leads to where real and simulated tiles agree on average, and linear steps for tiles drawn
 * again and again tell how far that is to be trusted (B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993).
 */
import { dot } from "../search/dot.js";
import { normalNumber } from "../search/normal-distribution.js";
import { type Point, placeOf, type Range, type SearchSpace, valueAt } from "../search/search-space.js";
import { type NoiseFeatures, totalOf } from "../statistics/noise-features.js";
import type { TileStatistics } from "../statistics/tile-statistics.js";
import { centralInterval, wideningOf } from "./bootstrap-interval.js";
import type { FittedParameter } from "./fit-outcome.js";
import { isIdentifiedBy, UNIDENTIFIED } from "./identified.js";
import { changeBy, lastStep } from "./last-step.js";
import { along } from "./line.js";
import { LinearStep } from "./linear-step.js";
import type { SeenLook } from "./looks.js";
import { type Slope, slopesFrom } from "./slopes.js";
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

const RESAMPLES = 400;
/** The same for the errors of slopes, of which a mean is wanted alone. */
const SLOPE_RESAMPLES = 100;
/** Of a range: what the descent does not tell apart. */
const RESOLUTION = 1e-3;
/** Of the vector along a whole range: with less, 95 % of what noise makes of it are wider than UNIDENTIFIED. */
const WEAKEST_SLOPE = (2 * 1.96) / UNIDENTIFIED;
/** Of the range, for the sensitivity. */
const MOVE = 0.1;

export class RefinedFit {
  /** At what was found. */
  readonly look: SeenLook;
  readonly parameters: readonly FittedParameter[];

  private constructor(look: SeenLook, parameters: readonly FittedParameter[]) {
    this.look = look;
    this.parameters = parameters;
  }

  static async around(best: SeenLook, options: RefineOptions): Promise<RefinedFit> {
    const { space, features, real, draws, isFixed, take, random } = options;
    const slopes = await slopesFrom(best, options);
    const lines = slopes.map(({ line }) => line);
    const noise = noiseOf(slopes, best.statistics.length, random);
    const step = new LinearStep(
      slopes.map(({ features }) => features),
      noise,
    );
    const target = features.of(real);
    const featuresOf = ({ statistics }: SeenLook) => features.of(statistics);
    const seen: SeenLook[] = [];
    for (let draw = 1; draw <= draws; draw++) seen.push(await take(best.point, draw));
    const wanted = differenceOf(target, meanOf(seen.map(featuresOf)));
    const [from] = seen as [SeenLook];
    const { look, doubts } =
      isFixed || lines.length === 0
        ? { look: from, doubts: new Float64Array(lines.length) }
        : await lastStep(from, { space, featuresOf, slopes, step, wanted, take: (point) => take(point, 1) });
    const { steps, widening } = resampled(options, seen, wanted, step, slopes);
    const few = wideningOf(Math.min(real.length, best.statistics.length));
    const wide = few * widening;
    const others = steps.map((sample) => {
      const doubt = normalNumber(random);
      return along(
        lines,
        look.point,
        sample.map((one, f) => (few < Infinity ? wide * one + doubt * doubts[f]! : 0)),
      );
    });
    const parameters = space.ranges.map((range, d): FittedParameter => {
      const slope = slopes.find(({ line }) => line.coordinate === d);
      if (slope === undefined) return leftOut(range);
      // What tiles hardly depend on, they do not tell: no number of its range is less likely than another.
      const isTold = few < Infinity && lengthOf(slope.features) > WEAKEST_SLOPE;
      const places = others.map((point) => placeOf(range, point[range.name]!));
      const interval = isTold ? centralInterval(places) : { low: 0, high: 1 };
      return {
        ...within(interval, range, look.point[range.name]!),
        isIdentified: isIdentifiedBy(interval.low, interval.high),
        sensitivity: sensitivityTo(slope, features, target),
      };
    });
    return new RefinedFit(look, parameters);
  }
}

/** A number of a step that is no part of the crappifier. */
function leftOut({ name }: Range): FittedParameter {
  return { path: name, value: 0, low: 0, high: 0, isIdentified: false, sensitivity: 0 };
}

/** A value and the ends of its interval, which are given by their places in the range. */
function within({ low, high }: { low: number; high: number }, range: Range, value: number) {
  const place = placeOf(range, value);
  return {
    path: range.name,
    value,
    low: Math.min(value, valueAt(range, Math.min(low, place - RESOLUTION))),
    high: Math.max(value, valueAt(range, Math.max(high, place + RESOLUTION))),
  };
}

function sensitivityTo({ line, features: slope }: Slope, features: NoiseFeatures, target: Float64Array): number {
  const step = line.stepTo(line.beside(MOVE));
  const changed = target.map((one, n) => one + step * slope[n]!);
  return totalOf(features.distance(target, changed)) - totalOf(features.distance(target, target));
}

/** What errors of the slopes add to their products, by how slopes of other tiles of the same kind differ from these. */
function noiseOf(slopes: readonly Slope[], tiles: number, random: () => number): Float64Array[] {
  const sums = slopes.map(() => new Float64Array(slopes.length));
  for (let sample = 0; sample < SLOPE_RESAMPLES; sample++) {
    const times = drawn(tiles, random);
    const errors = slopes.map(({ ofTiles, features }) => differenceOf(ofTiles(times), features));
    for (const [n, sum] of sums.entries()) errors.forEach((other, m) => (sum[m]! += dot(errors[n]!, other)));
  }
  return sums.map((sum) => sum.map((one) => one / SLOPE_RESAMPLES));
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
  slopes: readonly Slope[],
): Resampled {
  const rest = (difference: Float64Array, taken: Float64Array) =>
    slopes.length === 0 ? difference : differenceOf(difference, changeBy(slopes, taken));
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
  const widening = slopes.length === 0 || expected === 0 ? 1 : Math.sqrt(Math.max(1, squareOf(left) / expected));
  return { steps, widening };
}

/** How often each tile is drawn. */
function drawn(tiles: number, random: () => number): Float64Array {
  const times = new Float64Array(tiles);
  for (let n = 0; n < tiles; n++) times[Math.floor(random() * tiles)]!++;
  return times;
}
