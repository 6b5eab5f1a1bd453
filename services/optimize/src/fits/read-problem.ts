/** Puts together what a fit is given: the pixels of its tiles, and what is to be found. */
import { type Fit, Fit_Objective as Objective } from "@pssr/api";
import { fromCrappifierMessage } from "@pssr/crappifiers";
import type { FitProblem, TileSet } from "../fitting/fit-problem.js";
import { greyLevels } from "../tiles/grey-levels.js";
import type { FitTiles, Tile, TilePlan } from "../tiles/plan-tiles.js";
import type { TileSource } from "../tiles/tile-source.js";
import { fromRanges, secondsOf } from "./fit-message.js";
import { highNoiseOf, shortSeed } from "./resolve-fit.js";
import type { FitImages } from "./source-images.js";

/** @param fit Complete, as `resolveFit` gave it. */
export async function readProblem(
  fit: Fit,
  images: FitImages,
  tiles: FitTiles,
  source: TileSource,
  { signal }: { signal: AbortSignal },
): Promise<FitProblem> {
  const levelsOf = greyLevels(images);
  const template = fromCrappifierMessage(fit.template, "fit.template");
  const options = { scale: template.sampling.scale, signal };
  const all = (wanted: readonly Tile[]) => source.read(wanted, levelsOf, options);
  const set = async ({ low, high }: TilePlan): Promise<TileSet> => ({
    real: await all(low),
    high: await all(high),
  });
  const first = await all(tiles.scans.map((scan) => scan.first));
  const second = await all(tiles.scans.map((scan) => scan.second));
  const dark = await all(tiles.darkFrames.map((place) => place.first));
  const others = await all(tiles.darkFrames.flatMap((place) => place.second ?? []));
  return {
    template,
    ranges: fromRanges(fit.ranges, "fit.ranges"),
    optional: fit.optionalSteps,
    isPaired: fit.pairs.length > 0,
    fitted: await set(tiles.fitted),
    heldOut: await set(tiles.heldOut),
    detector: {
      scans: first.map((one, n) => ({ first: one, second: second[n]! })),
      // A single frame has no second at any place.
      darkFrames: dark.map((one, n) => ({ first: one, second: others[n] })),
    },
    highNoise: highNoiseOf(fit),
    objective: fit.objective === Objective.OBJECTIVE_PROFILE ? "PROFILE" : "FEATURES",
    budget: budgetOf(fit.budget),
    seed: shortSeed(fit.seed),
  };
}

function budgetOf(budget: Fit["budget"]): FitProblem["budget"] {
  if (budget?.$case === "maxDuration") return { seconds: secondsOf(budget.value) };
  return { evaluations: budget?.value ?? 0 };
}
