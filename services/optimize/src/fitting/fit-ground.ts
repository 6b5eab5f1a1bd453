/** What the parts of a fit stand on: its tiles as features, the looks at them, and how near a look comes. */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { refuse } from "../refuse.js";
import type { Point } from "../search/search-space.js";
import { NoiseFeatures, totalOf } from "../statistics/noise-features.js";
import type { TileStatistics } from "../statistics/tile-statistics.js";
import type { CrappifierTemplate } from "../template/crappifier-template.js";
import { checkPixels } from "./check-tiles.js";
import { expectedDistance } from "./expected-distance.js";
import type { KeptLook, Phase } from "./fit-outcome.js";
import type { FitProblem } from "./fit-problem.js";
import { Looks, type SeenLook } from "./looks.js";
import { type Limit, type LookPlan, planLooks } from "./plan-looks.js";
import { PROFILE_LUCK, profileObjective } from "./profile-objective.js";
import type { FitSurroundings } from "./run-fit.js";
import { TileMeter } from "./tile-meter.js";

/** By how much the distance between tiles with the same noise varies. */
const FEATURES_LUCK = 0.1;
/** Of an optional step, in the logarithm of the distance. */
const COST_OF_STEP = 0.03;

/** Where a look was taken, and how near it came. */
export type SeenPlace = Pick<SeenLook, "point" | "distance">;

export class FitGround {
  readonly problem: FitProblem;
  readonly template: CrappifierTemplate;
  readonly looks: Looks;
  readonly plan: LookPlan;
  readonly fitted: TileMeter;
  /** Undefined where none are held back. */
  readonly heldOut: TileMeter | undefined;
  readonly features: NoiseFeatures;
  /** The features of the real tiles. */
  readonly target: Float64Array;
  /** Nothing but the search counts: PSSR2's objective has no features that a descent could follow. */
  readonly isSearchedOnly: boolean;
  readonly #seen: SeenPlace[] = [];
  #lowest: SeenLook | undefined;

  /** @throws PssrError INVALID_FIELD and UNSUITABLE_IMAGES for what cannot be compared at all. */
  constructor(problem: FitProblem, template: CrappifierTemplate, kept: readonly KeptLook[], around: FitSurroundings) {
    const { fitted, heldOut, isPaired, highNoise, seed, objective, budget } = problem;
    this.isSearchedOnly = objective === "PROFILE";
    if (this.isSearchedOnly && !isPaired) {
      throw refuse("objective", "PROFILE compares pairs tile by tile; give pairs, or leave the objective out");
    }
    checkPixels(problem);
    this.problem = problem;
    this.template = template;
    this.looks = new Looks(problem, template, kept, around);
    this.plan = planLooks(budget, template.space.dimensions, this.isSearchedOnly);
    const options = { sampling: problem.template.sampling, isPaired, highNoise, isRounded: this.isSearchedOnly, seed };
    this.fitted = new TileMeter(fitted, options);
    this.heldOut = heldOut.real.length === 0 ? undefined : new TileMeter(heldOut, options, this.fitted);
    this.features = new NoiseFeatures(this.fitted.real);
    this.target = this.features.of(this.fitted.real);
  }

  /** Looks with the random numbers of the search; of all but the lowest, statistics are not kept. */
  get seen(): readonly SeenPlace[] {
    return this.#seen;
  }

  /** The lowest of them; there is one once a look was taken. */
  get lowest(): SeenLook {
    if (this.#lowest === undefined) throw new Error("nothing was looked at yet");
    return this.#lowest;
  }

  /** A look at the fitted tiles; with equal draws they meet the same random numbers. */
  async take(point: Point, phase: Phase, draw = 0): Promise<SeenLook> {
    const distanceOf = (tiles: readonly TileStatistics[]) => this.#distance(tiles);
    const seen = await this.looks.take(point, { phase, draw, meter: this.fitted, tiles: "FITTED", distanceOf });
    if (draw === 0) {
      this.#seen.push({ point, distance: seen.distance });
      this.#lowest = this.#lowest === undefined ? seen : this.lowestOf([this.#lowest, seen]);
    }
    return seen;
  }

  /** What the distance of a look would be, were it chance alone; undefined for few tiles and for PSSR2's objective. */
  expectedDistance({ statistics: simulated }: Pick<SeenLook, "statistics">): number | undefined {
    const { isPaired } = this.problem;
    const sets = { real: this.fitted.real, simulated, isPaired };
    return this.isSearchedOnly ? undefined : expectedDistance(this.features, sets, this.random(3));
  }

  #distance(tiles: readonly TileStatistics[]): number {
    if (this.isSearchedOnly) {
      return profileObjective(this.fitted.real, tiles, this.problem.fitted.real[0]!.width);
    }
    return totalOf(this.features.distance(this.features.of(tiles), this.target));
  }

  /**
   * What the search makes small: distances of different places differ by orders of magnitude, and those of the same noise differ by
   * luck. A step that does not bring tiles nearer is better left out.
   */
  cost({ distance, point }: SeenPlace): number {
    const luck = this.isSearchedOnly ? PROFILE_LUCK : FEATURES_LUCK;
    const steps = this.template.space.switches.filter(({ name }) => point[name] === 1).length;
    return Math.log(distance + luck) + COST_OF_STEP * steps;
  }

  lowestOf(looks: readonly SeenLook[]): SeenLook {
    return looks.reduce((a, b) => (this.cost(b) < this.cost(a) ? b : a));
  }

  /** Whether the next look belongs to this phase: as it was kept, or as the budget allows. */
  goesOn(phase: Phase, limit: Limit): boolean {
    const { upcoming, count, elapsedMs } = this.looks;
    const isWithin = count < limit.looks && elapsedMs < limit.ms;
    return isWithin && (upcoming === undefined || upcoming.phase === phase);
  }

  /** Whether a coordinate is of a range whose step is part of the crappifier. */
  isOn(d: number, point: Point): boolean {
    const owner = this.template.space.ranges[d]?.switch;
    return owner === undefined || point[owner] === 1;
  }

  /** Numbers from 0 to below 1; a series of its own for each purpose. */
  random(series: number): () => number {
    const generator = xoroshiro128plus(Math.imul(this.problem.seed, 0x9e3779b1) ^ series);
    return () => uniformFloat64(generator);
  }
}
