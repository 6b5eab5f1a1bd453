/** How a budget is shared between the parts of a fit. */
import type { Budget } from "./fit-problem.js";

/** Looks, and the time at work, after which a part of a fit ends; the next part has what is left up to its own. */
export interface Limit {
  looks: number;
  ms: number;
}

export interface LookPlan {
  /** Downhill from the starts. */
  starts: Limit;
  search: Limit;
  /** Downhill from what the search has found. */
  descent: Limit;
  /** Looks at the best point with random numbers of their own. */
  draws: number;
}

/** Shares of what is left beside the looks for intervals and for tiles held back. */
const STARTS = 0.5;
const SEARCH = 0.75;
/** Of the time, for all three parts. */
const TIME = 0.7;
/** Looks at tiles held back: the crappifier found, and the template. */
const HELD_OUT_LOOKS = 2;
/** The least that any budget allows. */
const FEWEST_LOOKS = 10;
/** What those are spent on at least. */
const FEWEST_BEFORE = 3;

/**
 * @param parameters How many are looked for, steps that may be left out included.
 * @param isSearchedOnly Whether nothing but the search counts.
 */
export function planLooks(budget: Budget, parameters: number, isSearchedOnly: boolean): LookPlan {
  const looks = "evaluations" in budget ? Math.max(budget.evaluations, FEWEST_LOOKS) : Infinity;
  const ms = "seconds" in budget ? TIME * budget.seconds * 1000 : Infinity;
  const draws = looks >= 3 * (parameters + 6) ? 3 : 1;
  const before = Math.max(looks - draws - parameters - 1 - HELD_OUT_LOOKS, FEWEST_BEFORE);
  const share = (part: number): Limit => ({ looks: Math.max(FEWEST_BEFORE, Math.floor(part * before)), ms: part * ms });
  return { starts: share(STARTS), search: share(isSearchedOnly ? 1 : SEARCH), descent: share(1), draws };
}
