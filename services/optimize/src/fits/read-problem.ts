/** Puts together what a fit is given: the pixels of its tiles, and what is to be found. */
import { type Fit, Fit_Objective as Objective } from "@pssr/api";
import { fromCrappifierMessage } from "@pssr/crappifiers";
import type { FitProblem, TileSet } from "../fitting/fit-problem.js";
import { greyLevels } from "../tiles/grey-levels.js";
import type { FitTiles, TilePlan } from "../tiles/plan-tiles.js";
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
  const set = async ({ low, high }: TilePlan): Promise<TileSet> => ({
    real: await source.read(low, levelsOf, options),
    high: await source.read(high, levelsOf, options),
  });
  const first = await source.read(
    tiles.scans.map((scan) => scan.first),
    levelsOf,
    options,
  );
  const second = await source.read(
    tiles.scans.map((scan) => scan.second),
    levelsOf,
    options,
  );
  return {
    template,
    ranges: fromRanges(fit.ranges, "fit.ranges"),
    optional: fit.optionalSteps,
    isPaired: fit.pairs.length > 0,
    fitted: await set(tiles.fitted),
    heldOut: await set(tiles.heldOut),
    detector: {
      scans: first.map((one, n) => ({ first: one, second: second[n]! })),
      darkFrames: await source.read(tiles.darkFrames, levelsOf, options),
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
