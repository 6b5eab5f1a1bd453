/**
 * How a fit goes: the detector in closed form, a search from there by a Gaussian process, a descent from the best place, intervals
 * around it, and a look at tiles held back. It depends on the problem and the looks alone, so that a fit that is begun again
 * with the looks it has kept goes on where it was.
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { refuse } from "../refuse.js";
import { LeastSquares } from "../search/least-squares.js";
import { Optimiser } from "../search/optimiser.js";
import type { Point } from "../search/search-space.js";
import { NoiseFeatures, totalOf } from "../statistics/noise-features.js";
import type { TileStatistics } from "../statistics/tile-statistics.js";
import { CrappifierTemplate } from "../template/crappifier-template.js";
import { checkPixels, checkTiles } from "./check-tiles.js";
import { compare } from "./compare.js";
import { detectorAlone } from "./detector-alone.js";
import { budgetSpent, findingsOf, otherBrightness } from "./findings.js";
import type { DetectorMeasurement, FitOutcome, KeptLook, Look, Phase } from "./fit-outcome.js";
import type { FitProblem, GreyTile } from "./fit-problem.js";
import { goodnessOfFit } from "./goodness.js";
import { type LookOptions, Looks, type SeenLook } from "./looks.js";
import { measureDetector } from "./measure-detector.js";
import { type Limit, planLooks } from "./plan-looks.js";
import { PROFILE_LUCK, profileObjective } from "./profile-objective.js";
import { RefinedFit } from "./refine.js";
import { startsOf } from "./starts.js";
import { TileMeter } from "./tile-meter.js";

export interface FitSurroundings {
  degrade(look: Look): Promise<GreyTile["values"][]>;
  keep(look: KeptLook): Promise<void>;
  throwIfGivenUp(): void;
}

/** Tiles with the same noise are seldom further apart. */
const ALIKE = 1.5;
/** With so many sets of random numbers what they add to the tiles' own luck is small. */
const MOST_DRAWS = 8;
/** The Gaussian process thinks about n places for a time that grows with n³: longer than anybody waits to stop it. */
const MOST_KNOWN = 100;
const MOST_SEARCHED = 150;
/** Places of a search that are spread over the whole space, at least. */
const FEWEST_EVERYWHERE = 6;
/** By how much the distance between tiles with the same noise varies. */
const FEATURES_LUCK = 0.1;
/** Of an optional step, in the logarithm of the distance. */
const COST_OF_STEP = 0.03;
/** Another descent is worth its looks after one that led to less than this share of the distance. */
const LEADS_FURTHER = 0.8;
/** Halves of fewer tiles have nothing that could be compared. */
const FEWEST_HELD_OUT = 4;

export async function runFit(
  { problem, kept }: { problem: FitProblem; kept: readonly KeptLook[] },
  around: FitSurroundings,
): Promise<FitOutcome> {
  const template = new CrappifierTemplate(problem.template, problem.ranges, problem.optional);
  if (problem.fitted.real.length === 0) return detectorAlone(problem, template);
  return new FitRun(problem, template, kept, around).run();
}

class FitRun {
  readonly #problem: FitProblem;
  readonly #template: CrappifierTemplate;
  readonly #looks: Looks;
  readonly #fitted: TileMeter;
  readonly #heldOut: TileMeter | undefined;
  readonly #features: NoiseFeatures;
  readonly #target: Float64Array;
  /** With the random numbers of the search. */
  readonly #seen: SeenLook[] = [];
  /** Whether the last descent was still under way when its share of the budget was spent. */
  #isCutShort = false;

  constructor(problem: FitProblem, template: CrappifierTemplate, kept: readonly KeptLook[], around: FitSurroundings) {
    const { fitted, heldOut, isPaired, highNoise, seed, objective } = problem;
    if (objective === "PROFILE" && !isPaired) {
      throw refuse("objective", "PROFILE compares pairs tile by tile; give pairs, or leave the objective out");
    }
    checkPixels(problem);
    this.#problem = problem;
    this.#template = template;
    this.#looks = new Looks(problem, template, kept, around);
    const isRounded = objective === "PROFILE";
    const options = { sampling: problem.template.sampling, isPaired, highNoise, isRounded, seed };
    this.#fitted = new TileMeter(fitted, options);
    this.#heldOut = heldOut.real.length === 0 ? undefined : new TileMeter(heldOut, options, this.#fitted);
    this.#features = new NoiseFeatures(this.#fitted.real);
    this.#target = this.#features.of(this.#fitted.real);
  }

  async run(): Promise<FitOutcome> {
    const problem = this.#problem;
    const meters = this.#heldOut === undefined ? [this.#fitted] : [this.#fitted, this.#heldOut];
    const unsound = checkTiles(problem, meters);
    const { found: detector, findings: unmeasured } = measureDetector(problem, this.#fitted);
    const lowest = await this.#find(detector);
    const refined = await this.#refine(lowest);
    const { goodness, comparison } = await this.#lookAtHeldOut(refined.point);
    const found = {
      crappifier: this.#template.at(refined.point),
      parameters: refined.parameters,
      kept: this.#template.space.switches.map(({ name }) => name).filter((name) => refined.point[name] === 1),
      detector,
      distance: refined.distance,
      fittedTiles: problem.fitted.real.length,
      heldOutTiles: problem.heldOut.real.length,
      goodness,
      comparison,
    };
    const otherwise = problem.isPaired ? [] : otherBrightness(this.#fitted.real, lowest.statistics);
    const spent = this.#isCutShort && lowest.distance >= ALIKE ? [budgetSpent] : [];
    return {
      ...found,
      findings: [...findingsOf(found, problem, this.#template), ...spent, ...otherwise, ...unsound, ...unmeasured],
    };
  }

  /**
   * Downhill from each start, the best one first, until real and simulated tiles cannot be told apart. Where that is not reached, or
   * steps may be left out, the Gaussian process looks everywhere else.
   */
  async #find(detector: readonly DetectorMeasurement[]): Promise<SeenLook> {
    const isSearchedOnly = this.#problem.objective === "PROFILE";
    const starts: SeenLook[] = [];
    for (const point of startsOf(this.#template, detector)) starts.push(await this.#take(point, "START", 0));
    let lowest = this.#lowestOf(starts);
    if (!isSearchedOnly) {
      for (const start of starts.sort((a, b) => this.#cost(a) - this.#cost(b))) {
        lowest = this.#lowestOf([lowest, await this.#descend(start, this.#plan.starts)]);
        if (lowest.distance < ALIKE) break;
      }
      lowest = await this.#withoutIdleSteps(lowest, this.#plan.steps);
    }
    if (lowest.distance < ALIKE && this.#template.space.switches.length === 0 && !isSearchedOnly) return lowest;
    const searched = await this.#search();
    if (isSearchedOnly) return this.#lowestOf([lowest, searched]);
    const { descent } = this.#plan;
    return this.#withoutIdleSteps(this.#lowestOf([lowest, await this.#descend(searched, descent)]), descent);
  }

  /** The best place of the search alone: those of descents have nothing better around them. */
  async #search(): Promise<SeenLook> {
    const { seed } = this.#problem;
    const known = [...this.#seen].sort((a, b) => this.#cost(a) - this.#cost(b)).slice(0, MOST_KNOWN);
    const initial = known.length + Math.max(FEWEST_EVERYWHERE, 2 * this.#template.space.dimensions);
    const optimiser = new Optimiser(this.#template.space, { seed: seed | 0, initial });
    for (const seen of known) optimiser.tell(seen.point, this.#cost(seen));
    const searched: SeenLook[] = [];
    const { search } = this.#plan;
    while (searched.length < MOST_SEARCHED && this.#goesOn("SEARCH", search)) {
      const { upcoming } = this.#looks;
      const point = upcoming === undefined ? optimiser.ask() : this.#looks.pointOf(upcoming);
      const seen = await this.#take(point, "SEARCH", 0);
      optimiser.tell(point, this.#cost(seen));
      searched.push(seen);
    }
    return this.#lowestOf(searched.length > 0 ? searched : this.#seen);
  }

  #lowestOf(looks: readonly SeenLook[]): SeenLook {
    return looks.reduce((a, b) => (this.#cost(b) < this.#cost(a) ? b : a));
  }

  /**
   * With the same random numbers; and again from where that led, as long as it leads further: in a narrow valley slopes are soon
   * those of places far away.
   */
  async #descend(from: SeenLook, limit: Limit): Promise<SeenLook> {
    const lowest = await this.#descendOnce(from, limit);
    return lowest.distance < LEADS_FURTHER * from.distance ? this.#descend(lowest, limit) : lowest;
  }

  /** Without the optional steps that bring tiles no nearer; the search may have met too few places without them. */
  async #withoutIdleSteps(found: SeenLook, limit: Limit): Promise<SeenLook> {
    let lowest = found;
    for (const { name } of this.#template.space.switches) {
      if (lowest.point[name] === 0 || !this.#goesOn("DESCENT", limit)) continue;
      const start = await this.#take({ ...lowest.point, [name]: 0 }, "DESCENT", 0);
      const without = await this.#descend(start, limit);
      if (this.#cost(without) < this.#cost(lowest)) lowest = without;
    }
    return lowest;
  }

  async #descendOnce(from: SeenLook, limit: Limit): Promise<SeenLook> {
    const { space } = this.#template;
    const free = [...space.smooth.keys()].filter((d) => space.smooth[d] && this.#isOn(d, from.point));
    const start = space.encode(from.point);
    const descent = new LeastSquares(start, this.#features.of(from.statistics), this.#target, free);
    let lowest = from;
    while (descent.isOpen && this.#goesOn("DESCENT", limit)) {
      const coordinates = descent.ask();
      const seen = await this.#take(space.decode(coordinates), "DESCENT", 0);
      descent.tell(this.#features.of(seen.statistics));
      if (seen.distance < lowest.distance) lowest = seen;
    }
    this.#isCutShort = descent.isOpen;
    return lowest;
  }

  #refine(lowest: SeenLook): Promise<RefinedFit> {
    const { space } = this.#template;
    return RefinedFit.around(lowest, {
      space,
      free: [...space.ranges.keys()].filter((d) => this.#isOn(d, lowest.point)),
      features: this.#features,
      real: this.#fitted.real,
      isPaired: this.#problem.isPaired,
      draws: this.#draws(),
      // What was searched by another objective stays where that is lowest.
      isFixed: this.#problem.objective === "PROFILE",
      take: (point, draw) => this.#take(point, "INTERVALS", draw),
      random: this.#random(1),
    });
  }

  /** More where looks are left over: each makes what is found a little more certain. */
  #draws(): number {
    const { budget } = this.#problem;
    const { draws, descent } = this.#plan;
    const leftOver = "evaluations" in budget ? descent.looks - this.#looks.count : 0;
    return Math.max(draws, Math.min(draws + leftOver, MOST_DRAWS));
  }

  async #lookAtHeldOut(point: Point): Promise<Pick<FitOutcome, "goodness" | "comparison">> {
    const meter = this.#heldOut;
    if (meter === undefined) return { goodness: undefined, comparison: undefined };
    const { heldOut } = this.#problem;
    const options = heldOutOptions(meter);
    const template = await this.#looks.take(this.#template.start, options);
    const found = await this.#looks.take(point, options);
    const [low] = await this.#looks.pixelsOf(found, options);
    const comparison = compare(heldOut, meter.real, found.statistics, meter.low(heldOut.high[0]!, low!));
    if (Math.min(heldOut.real.length, heldOut.high.length) < FEWEST_HELD_OUT)
      return { goodness: undefined, comparison };
    const of = (statistics: readonly TileStatistics[]) => goodnessOfFit(meter.real, statistics, this.#random(2));
    return { goodness: { ...of(found.statistics), templateRatio: of(template.statistics).ratio }, comparison };
  }

  async #take(point: Point, phase: Phase, draw: number): Promise<SeenLook> {
    const meter = this.#fitted;
    const seen = await this.#looks.take(point, {
      phase,
      draw,
      meter,
      tiles: "FITTED",
      distanceOf: (tiles) => this.#distance(tiles),
    });
    if (draw === 0) this.#seen.push(seen);
    return seen;
  }

  #distance(tiles: readonly TileStatistics[]): number {
    const { objective, fitted } = this.#problem;
    if (objective === "PROFILE") return profileObjective(this.#fitted.real, tiles, fitted.real[0]!.width);
    return totalOf(this.#features.distance(this.#features.of(tiles), this.#target));
  }

  /**
   * What the search makes small: distances of different places differ by orders of magnitude, and those of the same noise differ by
   * luck. A step that does not bring tiles nearer is better left out.
   */
  #cost({ distance, point }: SeenLook): number {
    const luck = this.#problem.objective === "PROFILE" ? PROFILE_LUCK : FEATURES_LUCK;
    const steps = this.#template.space.switches.filter(({ name }) => point[name] === 1).length;
    return Math.log(distance + luck) + COST_OF_STEP * steps;
  }

  /** Whether the next look belongs to this phase: as it was kept, or as the budget allows. */
  #goesOn(phase: Phase, limit: Limit): boolean {
    const { upcoming, count, elapsedMs } = this.#looks;
    const isWithin = count < limit.looks && elapsedMs < limit.ms;
    return isWithin && (upcoming === undefined || upcoming.phase === phase);
  }

  /** Whether a coordinate is of a range whose step is part of the crappifier. */
  #isOn(d: number, point: Point): boolean {
    const owner = this.#template.space.ranges[d]?.switch;
    return owner === undefined || point[owner] === 1;
  }

  get #plan() {
    const { budget, objective } = this.#problem;
    return planLooks(budget, this.#template.space.dimensions, objective === "PROFILE");
  }

  #random(series: number): () => number {
    const generator = xoroshiro128plus(Math.imul(this.#problem.seed, 0x9e3779b1) ^ series);
    return () => uniformFloat64(generator);
  }
}

function heldOutOptions(meter: TileMeter): LookOptions {
  const features = new NoiseFeatures(meter.real);
  const target = features.of(meter.real);
  return {
    phase: "HELD_OUT",
    draw: 0,
    meter,
    tiles: "HELD_OUT",
    distanceOf: (tiles) => totalOf(features.distance(features.of(tiles), target)),
  };
}
