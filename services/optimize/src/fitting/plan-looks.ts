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
  /** The same without steps that may be left out. */
  steps: Limit;
  search: Limit;
  /** Downhill from what the search has found. */
  descent: Limit;
  /** Looks at the best point with random numbers of their own. */
  draws: number;
}

/** Shares of what is left beside the looks for intervals and for tiles held back. */
const STARTS = 0.4;
const STEPS = 0.55;
const SEARCH = 0.8;
/** Of the time, for all three parts. */
const TIME = 0.7;
/** However much time there is: a search of more takes longer to think than to look. */
const MOST_LOOKS = 1000;
/** Looks at tiles held back: the crappifier found, and the template. */
const HELD_OUT_LOOKS = 2;
/** Where a linear step leads, and where what it has done leads. */
const LAST_STEP_LOOKS = 2;
/** Before the looks for intervals, at least: the starts, and a few steps. */
const FEWEST_BEFORE = 5;

/** Looks without which there is no fit of so many parameters, steps that may be left out included. */
export function fewestLooks(parameters: number): number {
  return FEWEST_BEFORE + afterSearch(parameters, 1);
}

/**
 * @param parameters How many are looked for, steps that may be left out included.
 * @param isSearchedOnly Whether nothing but the search counts.
 */
export function planLooks(budget: Budget, parameters: number, isSearchedOnly: boolean): LookPlan {
  const looks = "evaluations" in budget ? Math.max(budget.evaluations, fewestLooks(parameters)) : MOST_LOOKS;
  const ms = "seconds" in budget ? TIME * budget.seconds * 1000 : Infinity;
  const draws = looks >= 3 * (parameters + 6) ? 3 : 1;
  const before = Math.max(looks - afterSearch(parameters, draws), FEWEST_BEFORE);
  const share = (part: number): Limit => ({ looks: Math.max(FEWEST_BEFORE, Math.floor(part * before)), ms: part * ms });
  const search = share(isSearchedOnly ? 1 : SEARCH);
  return { starts: share(STARTS), steps: share(STEPS), search, descent: share(1), draws };
}

/** With two for the slope along each parameter. */
function afterSearch(parameters: number, draws: number): number {
  return draws + 2 * parameters + LAST_STEP_LOOKS + HELD_OUT_LOOKS;
}
