/** Where real and simulated tiles are nearest to each other: downhill from the starts, and a search where that does not suffice. */
import { LeastSquares } from "../search/least-squares.js";
import { Optimiser } from "../search/optimiser.js";
import type { FitGround } from "./fit-ground.js";
import type { DetectorMeasurement } from "./fit-outcome.js";
import type { SeenLook } from "./looks.js";
import type { Limit } from "./plan-looks.js";
import { startsOf } from "./starts.js";

/** Tiles with the same noise are seldom further apart, were each pixel's noise its own. */
const ALIKE = 1.5;
/** The Gaussian process thinks about n places for a time that grows with n³: longer than anybody waits to stop it. */
const MOST_KNOWN = 100;
const MOST_SEARCHED = 150;
/** Places of a search that are spread over the whole space, at least. */
const FEWEST_EVERYWHERE = 6;
/** A descent that was cut short after it had led no further than this had come to its end. */
const STILL_FALLING = 0.95;
/** Steps behind its slopes that a descent needs to show whether it falls. */
const FEWEST_STEPS = 2;
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

/** Where a way led to. */
interface Way {
  lowest: SeenLook;
  /** Whether it was still falling when its share of the budget was spent. */
  isCutShort: boolean;
}

class Finder {
  readonly #ground: FitGround;

  constructor(ground: FitGround) {
    this.#ground = ground;
  }

  async find(detector: readonly DetectorMeasurement[]): Promise<BestPlace> {
    const ground = this.#ground;
    const starts: SeenLook[] = [];
    for (const point of startsOf(ground.template, detector)) starts.push(await ground.take(point, "START"));
    const { lowest, isCutShort } = ground.isSearchedOnly
      ? standing(ground.lowestOf([...starts, await this.#search()]))
      : await this.#searchWhereNeeded(await this.#descendFrom(starts));
    return { lowest, isCutShort: isCutShort && !this.#isAlike(lowest) };
  }

  /** From the best start first, until real and simulated tiles cannot be told apart. */
  async #descendFrom(starts: readonly SeenLook[]): Promise<Way> {
    const ground = this.#ground;
    let best = standing(ground.lowestOf(starts));
    for (const start of [...starts].sort((a, b) => ground.cost(a) - ground.cost(b))) {
      best = this.#lower(await this.#descend(start, ground.plan.starts), best);
      if (this.#isAlike(best.lowest)) break;
    }
    return this.#withoutIdleSteps(best, ground.plan.steps);
  }

  /** Where that is not reached, or steps may be left out, the Gaussian process looks everywhere else. */
  async #searchWhereNeeded(best: Way): Promise<Way> {
    const { template, plan } = this.#ground;
    const { point } = best.lowest;
    const hasSwitches = template.space.switches.some(({ name }) => point[name] === 1);
    if (!hasSwitches && this.#isAlike(best.lowest)) return best;
    const searched = await this.#descend(await this.#search(), plan.descent);
    return this.#withoutIdleSteps(this.#lower(searched, best), plan.descent);
  }

  /** Noise of whole rows or of few pixels has more luck than that of each pixel. */
  #isAlike(look: SeenLook): boolean {
    return look.distance < ALIKE || look.distance < (this.#ground.expectedDistance(look) ?? 0);
  }

  /** The best place of the search alone: those of descents have nothing better around them. */
  async #search(): Promise<SeenLook> {
    const ground = this.#ground;
    const { space } = ground.template;
    const known = [...ground.seen].sort((a, b) => ground.cost(a) - ground.cost(b)).slice(0, MOST_KNOWN);
    const initial = known.length + Math.max(FEWEST_EVERYWHERE, 2 * space.dimensions);
    const optimiser = new Optimiser(space, { seed: ground.problem.seed | 0, initial });
    for (const seen of known) optimiser.tell(seen.point, ground.cost(seen));
    let lowest: SeenLook | undefined;
    for (let n = 0; n < MOST_SEARCHED && ground.goesOn("SEARCH", ground.plan.search); n++) {
      const { upcoming } = ground.looks;
      const point = upcoming === undefined ? optimiser.ask() : ground.looks.pointOf(upcoming);
      const seen = await ground.take(point, "SEARCH");
      optimiser.tell(point, ground.cost(seen));
      lowest = lowest === undefined ? seen : ground.lowestOf([lowest, seen]);
    }
    return lowest ?? ground.lowest;
  }

  /** Without the optional steps that bring tiles no nearer; the search may have met too few places without them. */
  async #withoutIdleSteps(found: Way, limit: Limit): Promise<Way> {
    const ground = this.#ground;
    let best = found;
    // A look at each first: many are idle as they are, and a descent may take all that is left.
    for (const mayDescend of [false, true]) {
      for (const { name } of ground.template.space.switches) {
        if (best.lowest.point[name] === 0 || !ground.goesOn("DESCENT", limit)) continue;
        const start = await ground.take({ ...best.lowest.point, [name]: 0 }, "DESCENT");
        const isNeeded = !this.#isAlike(start);
        const without = isNeeded && mayDescend ? await this.#descend(start, limit) : standing(start);
        best = this.#isAlike(without.lowest) ? without : this.#lower(without, best);
      }
    }
    return best;
  }

  /**
   * With the same random numbers; and again from where that led, as long as it leads further: in a narrow valley slopes are soon
   * those of places far away.
   */
  async #descend(from: SeenLook, limit: Limit): Promise<Way> {
    const way = await this.#descendOnce(from, limit);
    return way.lowest.distance < LEADS_FURTHER * from.distance ? this.#descend(way.lowest, limit) : way;
  }

  async #descendOnce(from: SeenLook, limit: Limit): Promise<Way> {
    const ground = this.#ground;
    const { space } = ground.template;
    const free = [...space.smooth.keys()].filter((d) => space.smooth[d] && ground.isOn(d, from.point));
    const start = space.encode(from.point);
    const descent = new LeastSquares(start, ground.features.of(from.statistics), ground.target, free);
    let lowest = from;
    let looks = 0;
    for (; descent.isOpen && ground.goesOn("DESCENT", limit); looks++) {
      const seen = await ground.take(space.decode(descent.ask()), "DESCENT");
      descent.tell(ground.features.of(seen.statistics));
      if (seen.distance < lowest.distance) lowest = seen;
    }
    const hadRoom = looks >= free.length + FEWEST_STEPS;
    const isFalling = lowest.distance < STILL_FALLING * from.distance;
    return { lowest, isCutShort: descent.isOpen && (isFalling || !hadRoom) };
  }

  #lower(a: Way, b: Way): Way {
    return this.#ground.cost(b.lowest) < this.#ground.cost(a.lowest) ? b : a;
  }
}

function standing(lowest: SeenLook): Way {
  return { lowest, isCutShort: false };
}
