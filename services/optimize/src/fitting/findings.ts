/** What is to be known of a result before it is used. */

import { placeOf } from "../search/search-space.js";
import type { FeatureTerms } from "../statistics/noise-features.js";
import { pooled, type TileStatistics } from "../statistics/tile-statistics.js";
import type { CrappifierTemplate } from "../template/crappifier-template.js";
import type { Finding, FitOutcome } from "./fit-outcome.js";
import type { FitProblem } from "./fit-problem.js";
import { FEWEST_HELD_OUT } from "./goodness.js";

/** Share of a range. */
const AT_EDGE = 0.005;
/** A goodness whose interval lies above this is no luck, and large enough to be seen. */
const POOR = 1.25;

const words: Record<keyof FeatureTerms, string> = {
  profile: "the distribution of the noise",
  intensity: "how noise depends on intensity",
  spectrum: "the power spectrum: blur, or noise that is alike in neighbouring pixels",
  tiles: "how much tiles differ from each other: a spread",
};

/** Where a descent did not come to its end. */
export const budgetSpent: Finding = {
  kind: "BUDGET_SPENT",
  subject: "",
  message: "the distance was still falling when the budget was spent; fit again with more evaluations or more time",
};

/** Share of the pixels that real and simulated images have at the same intensities; below, they are images of something else. */
const MUCH_ALIKE = 0.7;

/** Unpaired images whose intensities differ: noise is compared where both have them. */
export function otherBrightness(real: readonly TileStatistics[], simulated: readonly TileStatistics[]): Finding[] {
  const [one, other] = [pooled(real), pooled(simulated)];
  const alike = one.counts.reduce(
    (sum, count, bin) => sum + Math.min(count / one.pixels, other.counts[bin]! / other.pixels),
    0,
  );
  if (alike >= MUCH_ALIKE) return [];
  const message = `low- and high-resolution images have only ${Math.round(100 * alike)} % of their intensities in common: numbers are doubtful; give images of the same kind of sample with levels that fit, or pairs`;
  return [{ kind: "OTHER_BRIGHTNESS", subject: "", message }];
}

/** Why no goodness was measured. */
function tooFewHeldOut({ real, high }: FitProblem["heldOut"]): Finding {
  const count = Math.min(real.length, high.length);
  const there = count === 1 ? "one tile is" : `${count} tiles are`;
  const message = `how well simulated noise agrees with real noise was not measured: ${there} held back, and it takes ${FEWEST_HELD_OUT}; give more or larger images, smaller tiles (tile_size), or more of them (tiles)`;
  return { kind: "FEW_TILES", subject: "", message };
}

export function findingsOf(
  { parameters, kept, goodness }: Pick<FitOutcome, "parameters" | "kept" | "goodness">,
  { ranges, optional, fitted, heldOut }: Pick<FitProblem, "ranges" | "optional" | "fitted" | "heldOut">,
  template: CrappifierTemplate,
): Finding[] {
  const findings: Finding[] = [];
  const leftOut = optional.filter((step) => !kept.includes(step));
  for (const { path, value, isIdentified } of parameters) {
    if (leftOut.some((step) => path.startsWith(`${step}.`))) continue;
    const { min, max, scale } = ranges.find((range) => range.path === path)!;
    const place = placeOf({ name: path, min, max, scale }, value);
    const bounds = template.boundsOf(path);
    // Beyond a natural end, no blur at all, there is nothing.
    const isAtEdge = (place < AT_EDGE && min > bounds.min) || (place > 1 - AT_EDGE && max < bounds.max);
    if (isIdentified && isAtEdge) {
      const end = place < AT_EDGE ? "lower" : "upper";
      const message = `${path} is best at the ${end} edge of its range, ${value}: the truth may lie beyond; give a wider range where one makes sense`;
      findings.push({ kind: "EDGE_OF_RANGE", subject: path, message });
    }
    if (!isIdentified) {
      const message = `the images do not tell ${path}: its interval is as good as its range, and numbers that can stand in for it are less sure than theirs say; fix it, or give images that show it`;
      findings.push({ kind: "NOT_IDENTIFIED", subject: path, message });
    }
  }
  // Of a detector alone there is nothing that could be held back.
  const isCompared = fitted.real.length > 0;
  if (goodness === undefined && isCompared) findings.push(tooFewHeldOut(heldOut));
  if (goodness !== undefined && goodness.low > POOR) {
    const terms = Object.entries(goodness.terms) as [keyof FeatureTerms, number][];
    const [worst] = terms.sort(([, a], [, b]) => b - a)[0]!;
    const message = `simulated noise differs from real noise ${goodness.ratio.toFixed(1)} times as much as real noise from itself, most in ${words[worst]}; add a step to the template that makes it`;
    findings.push({ kind: "POOR_FIT", subject: worst.toUpperCase(), message });
  }
  return findings;
}
