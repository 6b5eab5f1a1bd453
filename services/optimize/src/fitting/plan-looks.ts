/** How a budget is shared between the parts of a fit. */
import type { Budget } from "./fit-problem.js";

export interface LookPlan {
  /** Looks, and the time at work, up to which the search goes on. */
  search: { looks: number; ms: number };
  /** The same for the descent. */
  descent: { looks: number; ms: number };
  /** Looks at the best point with random numbers of their own. */
  draws: number;
}

/** Shares of the time after which search and descent end. */
const SEARCH_TIME = 0.4;
const DESCENT_TIME = 0.7;
/** Of the looks that are left beside those for intervals and for tiles held back. */
const SEARCH_SHARE = 0.55;
/** A smooth function of so many parameters is known well enough to go downhill in it. */
const SEARCH_LOOKS = 6;
const SEARCH_LOOKS_PER_PARAMETER = 8;
/** Looks at tiles held back: the crappifier found, and the template. */
export const HELD_OUT_LOOKS = 2;
/** The least that any budget allows. */
export const FEWEST_LOOKS = 10;

/**
 * @param parameters How many are looked for, steps that may be left out included.
 * @param isSearchedOnly Whether nothing but the search counts.
 */
export function planLooks(budget: Budget, parameters: number, isSearchedOnly: boolean): LookPlan {
  const looks = "evaluations" in budget ? Math.max(budget.evaluations, FEWEST_LOOKS) : Infinity;
  const ms = "seconds" in budget ? budget.seconds * 1000 : Infinity;
  const draws = looks >= 3 * (parameters + 6) ? 3 : 1;
  const afterwards = draws + parameters + 1 + HELD_OUT_LOOKS;
  const before = Math.max(looks - afterwards, 3);
  const enough = SEARCH_LOOKS + SEARCH_LOOKS_PER_PARAMETER * parameters;
  const search = isSearchedOnly ? before : Math.max(3, Math.min(enough, Math.floor(SEARCH_SHARE * before)));
  return {
    search: {
      looks: Number.isFinite(search) ? search : enough,
      ms: (isSearchedOnly ? DESCENT_TIME : SEARCH_TIME) * ms,
    },
    descent: { looks: isSearchedOnly ? 0 : before, ms: DESCENT_TIME * ms },
    draws,
  };
}
