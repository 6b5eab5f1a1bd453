/** Where real and simulated tiles are nearest to each other: downhill from the starts, and a search where that does not suffice. */
import { LeastSquares } from "../search/least-squares.js";
import { Optimiser } from "../search/optimiser.js";
import type { FitGround } from "./fit-ground.js";
import type { DetectorMeasurement } from "./fit-outcome.js";
import type { SeenLook } from "./looks.js";
import type { Limit } from "./plan-looks.js";
import { startsOf } from "./starts.js";

/** Tiles with the same noise are seldom further apart. */
const ALIKE = 1.5;
/** The Gaussian process thinks about n places for a time that grows with n³: longer than anybody waits to stop it. */
const MOST_KNOWN = 100;
const MOST_SEARCHED = 150;
/** Places of a search that are spread over the whole space, at least. */
const FEWEST_EVERYWHERE = 6;
/** A descent that led no further than this when it was cut short had come to its end. */
const STILL_FALLING = 0.95;
/** Another descent is worth its looks after one that led to less than this share of the distance. */
const LEADS_FURTHER = 0.8;

export interface BestPlace {
  lowest: SeenLook;
  /** Whether the distance was still falling when the budget was spent. */
  isCutShort: boolean;
}

export async function findBest(ground: FitGround, detector: readonly DetectorMeasurement[]): Promise<BestPlace> {
  return new Finder(ground).find(detector);
}

class Finder {
  readonly #ground: FitGround;
  /** Whether the last descent was still under way when its share of the budget was spent. */
  #isCutShort = false;

  constructor(ground: FitGround) {
    this.#ground = ground;
  }

  async find(detector: readonly DetectorMeasurement[]): Promise<BestPlace> {
    const ground = this.#ground;
    const starts: SeenLook[] = [];
    for (const point of startsOf(ground.template, detector)) starts.push(await ground.take(point, "START"));
    const lowest = ground.isSearchedOnly
      ? ground.lowestOf([...starts, await this.#search()])
      : await this.#searchWhereNeeded(await this.#descendFrom(starts));
    return { lowest, isCutShort: this.#isCutShort && lowest.distance >= ALIKE };
  }

  /** From the best start first, until real and simulated tiles cannot be told apart. */
  async #descendFrom(starts: readonly SeenLook[]): Promise<SeenLook> {
    const ground = this.#ground;
    let lowest = ground.lowestOf(starts);
    for (const start of [...starts].sort((a, b) => ground.cost(a) - ground.cost(b))) {
      lowest = ground.lowestOf([lowest, await this.#descend(start, ground.plan.starts)]);
      if (lowest.distance < ALIKE) break;
    }
    return this.#withoutIdleSteps(lowest, ground.plan.steps);
  }

  /** Where that is not reached, or steps may be left out, the Gaussian process looks everywhere else. */
  async #searchWhereNeeded(lowest: SeenLook): Promise<SeenLook> {
    const { template, plan } = this.#ground;
    if (lowest.distance < ALIKE && template.space.switches.length === 0) return lowest;
    const searched = await this.#descend(await this.#search(), plan.descent);
    return this.#withoutIdleSteps(this.#ground.lowestOf([lowest, searched]), plan.descent);
  }

  /** The best place of the search alone: those of descents have nothing better around them. */
  async #search(): Promise<SeenLook> {
    const ground = this.#ground;
    const { space } = ground.template;
    const known = [...ground.seen].sort((a, b) => ground.cost(a) - ground.cost(b)).slice(0, MOST_KNOWN);
    const initial = known.length + Math.max(FEWEST_EVERYWHERE, 2 * space.dimensions);
    const optimiser = new Optimiser(space, { seed: ground.problem.seed | 0, initial });
    for (const seen of known) optimiser.tell(seen.point, ground.cost(seen));
    const searched: SeenLook[] = [];
    while (searched.length < MOST_SEARCHED && ground.goesOn("SEARCH", ground.plan.search)) {
      const { upcoming } = ground.looks;
      const point = upcoming === undefined ? optimiser.ask() : ground.looks.pointOf(upcoming);
      const seen = await ground.take(point, "SEARCH");
      optimiser.tell(point, ground.cost(seen));
      searched.push(seen);
    }
    return ground.lowestOf(searched.length > 0 ? searched : ground.seen);
  }

  /** Without the optional steps that bring tiles no nearer; the search may have met too few places without them. */
  async #withoutIdleSteps(found: SeenLook, limit: Limit): Promise<SeenLook> {
    const ground = this.#ground;
    let lowest = found;
    for (const { name } of ground.template.space.switches) {
      if (lowest.point[name] === 0 || !ground.goesOn("DESCENT", limit)) continue;
      const start = await ground.take({ ...lowest.point, [name]: 0 }, "DESCENT");
      lowest = ground.lowestOf([lowest, await this.#descend(start, limit)]);
    }
    return lowest;
  }

  /**
   * With the same random numbers; and again from where that led, as long as it leads further: in a narrow valley slopes are soon
   * those of places far away.
   */
  async #descend(from: SeenLook, limit: Limit): Promise<SeenLook> {
    const lowest = await this.#descendOnce(from, limit);
    return lowest.distance < LEADS_FURTHER * from.distance ? this.#descend(lowest, limit) : lowest;
  }

  async #descendOnce(from: SeenLook, limit: Limit): Promise<SeenLook> {
    const ground = this.#ground;
    const { space } = ground.template;
    const free = [...space.smooth.keys()].filter((d) => space.smooth[d] && ground.isOn(d, from.point));
    const start = space.encode(from.point);
    const descent = new LeastSquares(start, ground.features.of(from.statistics), ground.target, free);
    let lowest = from;
    while (descent.isOpen && ground.goesOn("DESCENT", limit)) {
      const seen = await ground.take(space.decode(descent.ask()), "DESCENT");
      descent.tell(ground.features.of(seen.statistics));
      if (seen.distance < lowest.distance) lowest = seen;
    }
    this.#isCutShort = descent.isOpen && lowest.distance < STILL_FALLING * from.distance;
    return lowest;
  }
}
