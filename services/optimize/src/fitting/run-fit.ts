/**
 * How a fit goes: the detector in closed form, the best place from there, intervals around it, and a look at tiles held back. It
 * depends on the problem and the looks alone, so that a fit that is begun again with the looks it has kept goes on where it was.
 */
import { type Point, placeOf } from "../search/search-space.js";
import { NoiseFeatures, totalOf } from "../statistics/noise-features.js";
import type { TileStatistics } from "../statistics/tile-statistics.js";
import { CrappifierTemplate } from "../template/crappifier-template.js";
import { checkNoCopies, checkTiles } from "./check-tiles.js";
import { compare } from "./compare.js";
import { checkDarkFrames } from "./dark-structure.js";
import { detectorAlone } from "./detector-alone.js";
import { findBest } from "./find-best.js";
import { budgetSpent, findingsOf, otherBrightness } from "./findings.js";
import { FitGround } from "./fit-ground.js";
import type { FitOutcome, FittedParameter, KeptLook, Look } from "./fit-outcome.js";
import type { FitProblem, GreyTile } from "./fit-problem.js";
import { FEWEST_HELD_OUT, goodnessOfFit } from "./goodness.js";
import { heldRanges } from "./held-ranges.js";
import { isIdentifiedBy } from "./identified.js";
import type { LookOptions, SeenLook } from "./looks.js";
import { measureDetector } from "./measure-detector.js";
import { RefinedFit } from "./refine.js";
import type { TileMeter } from "./tile-meter.js";

export interface FitSurroundings {
  degrade(look: Look): Promise<GreyTile["values"][]>;
  keep(look: KeptLook): Promise<void>;
  throwIfGivenUp(): void;
}

/** With so many sets of random numbers what they add to the tiles' own luck is small. */
const MOST_DRAWS = 8;

export async function runFit(
  { problem, kept }: { problem: FitProblem; kept: readonly KeptLook[] },
  around: FitSurroundings,
): Promise<FitOutcome> {
  checkNoCopies(problem);
  checkDarkFrames(problem.detector.darkFrames);
  const asked = new CrappifierTemplate(problem.template, problem.ranges, problem.optional);
  if (problem.fitted.real.length === 0) return detectorAlone(problem, asked);
  const wide = new FitGround(problem, asked, kept, around);
  const { found: detector, findings: unmeasured } = measureDetector(problem, wide.fitted);
  const ranges = heldRanges(problem, asked, detector);
  const template =
    ranges === problem.ranges ? asked : new CrappifierTemplate(problem.template, ranges, problem.optional);
  const ground = template === asked ? wide : new FitGround(problem, template, kept, around);
  const unsound = checkTiles(problem, ground.heldOut === undefined ? [ground.fitted] : [ground.fitted, ground.heldOut]);
  const { lowest, isCutShort } = await findBest(ground, detector);
  const refined = await refine(ground, lowest);
  const { point, distance } = refined.look;
  const { goodness, comparison } = await lookAtHeldOut(ground, point);
  const found = {
    crappifier: template.at(point),
    parameters: refined.parameters.map((one) => ({ ...one, isIdentified: one.isIdentified || isWithin(one, problem) })),
    kept: template.space.switches.map(({ name }) => name).filter((name) => point[name] === 1),
    detector,
    distance,
    expectedDistance: ground.expectedDistance(refined.look),
    fittedTiles: problem.fitted.real.length,
    heldOutTiles: problem.heldOut.real.length,
    goodness,
    comparison,
  };
  const findings = [
    ...findingsOf(found, problem, template),
    ...(isCutShort ? [budgetSpent] : []),
    ...(problem.isPaired ? [] : otherBrightness(ground.fitted.real, lowest.statistics)),
    ...unsound,
    ...unmeasured,
  ];
  return { ...found, findings };
}

/** Within the range that was asked for: the search may have had less of it. */
function isWithin({ path, low, high }: FittedParameter, { ranges }: FitProblem): boolean {
  const range = ranges.find((one) => one.path === path)!;
  const place = (value: number) => placeOf({ name: path, ...range }, value);
  return low < high && isIdentifiedBy(place(low), place(high));
}

function refine(ground: FitGround, lowest: SeenLook): Promise<RefinedFit> {
  const { space } = ground.template;
  return RefinedFit.around(lowest, {
    space,
    free: [...space.ranges.keys()].filter((d) => ground.isOn(d, lowest.point)),
    features: ground.features,
    real: ground.fitted.real,
    isPaired: ground.problem.isPaired,
    draws: drawsOf(ground),
    // What was searched by another objective stays where that is lowest.
    isFixed: ground.isSearchedOnly,
    take: (point, draw) => ground.take(point, "INTERVALS", draw),
    random: ground.random(1),
  });
}

/** More where looks are left over: each makes what is found a little more certain. */
function drawsOf({ problem, plan, looks }: FitGround): number {
  const leftOver = "evaluations" in problem.budget ? plan.descent.looks - looks.count : 0;
  return Math.max(plan.draws, Math.min(plan.draws + leftOver, MOST_DRAWS));
}

async function lookAtHeldOut(ground: FitGround, point: Point): Promise<Pick<FitOutcome, "goodness" | "comparison">> {
  const { heldOut: meter, looks, template } = ground;
  if (meter === undefined) return { goodness: undefined, comparison: undefined };
  const { heldOut } = ground.problem;
  const options = heldOutOptions(meter);
  const before = await looks.take(template.start, options);
  const found = await looks.take(point, options);
  const [low] = await looks.pixelsOf(found, options);
  const comparison = compare(heldOut, meter.real, found.statistics, meter.low(heldOut.high[0]!, low!));
  const count = Math.min(heldOut.real.length, heldOut.high.length);
  if (count < FEWEST_HELD_OUT) return { goodness: undefined, comparison };
  const of = (statistics: readonly TileStatistics[]) => goodnessOfFit(meter.real, statistics, ground.random(2));
  return { goodness: { ...of(found.statistics), templateRatio: of(before.statistics).ratio }, comparison };
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
