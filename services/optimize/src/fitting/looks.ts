/**
 * The looks of a fit, one after the other. Those that an earlier attempt has kept are given back as they were, so that whoever
 * asks for the same again comes to where that attempt ended; the others are taken, and kept before the next one.
 */

import { PssrError } from "@pssr/api";
import type { Point } from "../search/search-space.js";
import type { TileStatistics } from "../statistics/tile-statistics.js";
import type { CrappifierTemplate } from "../template/crappifier-template.js";
import type { KeptLook, Phase } from "./fit-outcome.js";
import type { FitProblem, GreyTile } from "./fit-problem.js";
import { packStatistics, unpackStatistics } from "./packed-statistics.js";
import type { FitSurroundings } from "./run-fit.js";
import type { TileMeter } from "./tile-meter.js";

export interface SeenLook {
  point: Point;
  statistics: TileStatistics[];
  distance: number;
  /** The simulated pixels, of tiles held back; undefined where an earlier attempt took the look. */
  lows: readonly GreyTile["values"][] | undefined;
}

export interface LookOptions {
  phase: Phase;
  /** Sets of random numbers: looks with the same one are compared by what their crappifiers differ in alone. */
  draw: number;
  meter: TileMeter;
  tiles: "FITTED" | "HELD_OUT";
  distanceOf(statistics: readonly TileStatistics[]): number;
}

/** Between two sets of random numbers; more than there are tiles. */
const SEEDS_PER_DRAW = 1000n;
/** Between those of two fits. */
const SEEDS_PER_FIT = 1_000_000n;
/** Far from the small numbers that people choose: real tiles may be simulated ones, whose noise must not come again. */
const FIRST_SEED = 2n ** 56n;

export class Looks {
  readonly #problem: FitProblem;
  readonly #template: CrappifierTemplate;
  readonly #kept: readonly KeptLook[];
  readonly #around: FitSurroundings;
  readonly #beganMs: number;
  readonly #earlierMs: number;
  #elapsedMs = 0;
  #count = 0;
  #best: { distance: number; values: readonly number[] } | undefined;

  constructor(problem: FitProblem, template: CrappifierTemplate, kept: readonly KeptLook[], around: FitSurroundings) {
    this.#problem = problem;
    this.#template = template;
    this.#kept = kept;
    this.#around = around;
    this.#beganMs = performance.now();
    this.#earlierMs = kept.at(-1)?.elapsedMs ?? 0;
  }

  get count(): number {
    return this.#count;
  }

  /** At work up to the end of the last look, over all attempts: the same when it is given back. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** The kept look that comes next; undefined: what comes is new. */
  get upcoming(): KeptLook | undefined {
    return this.#kept[this.#count];
  }

  /** The point of a kept look. */
  pointOf({ values, steps }: KeptLook): Point {
    const { ranges, switches } = this.#template.space;
    return Object.fromEntries([
      ...ranges.map(({ name }, n): [string, number] => [name, values[n]!]),
      ...switches.map(({ name }): [string, number] => [name, steps.includes(name) ? 1 : 0]),
    ]);
  }

  async take(point: Point, options: LookOptions): Promise<SeenLook> {
    const { phase, meter, distanceOf } = options;
    this.#around.throwIfGivenUp();
    const kept = this.upcoming;
    const index = ++this.#count;
    if (kept !== undefined) {
      this.#checkKept(kept, point);
      this.#remember(kept, kept.phase);
      this.#elapsedMs = kept.elapsedMs;
      return { point, statistics: unpackStatistics(kept.statistics), distance: kept.distance, lows: undefined };
    }
    const lows = await this.#degrade(index, point, options);
    const statistics = meter.of(lows);
    const distance = distanceOf(statistics);
    const { ranges, switches } = this.#template.space;
    const values = ranges.map(({ name }) => point[name]!);
    this.#elapsedMs = this.#earlierMs + performance.now() - this.#beganMs;
    const best = this.#remember({ distance, values }, phase);
    await this.#around.keep({
      index,
      phase,
      values,
      steps: switches.filter(({ name }) => point[name] === 1).map(({ name }) => name),
      distance,
      best: best.distance,
      bestValues: best.values,
      elapsedMs: this.elapsedMs,
      statistics: packStatistics(statistics),
    });
    // Of fitted tiles nobody looks at the pixels again, and there would be more with each look.
    return { point, statistics, distance, lows: options.tiles === "HELD_OUT" ? lows : undefined };
  }

  /** The pixels of the last look, once more where an earlier attempt took it. */
  async pixelsOf({ point, lows }: SeenLook, options: LookOptions): Promise<readonly GreyTile["values"][]> {
    return lows ?? this.#degrade(this.#count, point, options);
  }

  #checkKept({ index, values, steps }: KeptLook, point: Point): void {
    const { ranges, switches } = this.#template.space;
    const isSame =
      ranges.every(({ name }, n) => Math.abs(values[n]! - point[name]!) <= 1e-9 * Math.abs(point[name]!)) &&
      switches.every(({ name }) => steps.includes(name) === (point[name] === 1));
    if (isSame) return;
    const message = `look ${index} of the fit was taken at another place than this release goes to: another release began it; fit again`;
    throw new PssrError("OBJECT_CORRUPT", message);
  }

  #degrade(index: number, point: Point, { phase, draw, tiles }: LookOptions): Promise<GreyTile["values"][]> {
    const crappifier = this.#template.at(point);
    const seed = FIRST_SEED + BigInt(this.#problem.seed) * SEEDS_PER_FIT + BigInt(draw) * SEEDS_PER_DRAW;
    return this.#around.degrade({ index, phase, crappifier, tiles, seed });
  }

  /** Looks with other random numbers, or at other tiles, may be lower by luck. */
  #remember(look: { distance: number; values: readonly number[] }, phase: Phase) {
    const counts = phase === "START" || phase === "SEARCH" || phase === "DESCENT";
    if (counts && !(this.#best !== undefined && this.#best.distance <= look.distance)) {
      this.#best = { distance: look.distance, values: look.values };
    }
    return this.#best ?? look;
  }
}
