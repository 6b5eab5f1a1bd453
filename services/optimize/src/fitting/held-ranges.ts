/**
 * Without pairs a search does not know what scene the microscope saw: noise can be taken for contrast, and an offset for a brighter
 * field. What repeated scans and dark frames of the same detector have measured holds then, and the search stays with it.
 */
import type { Estimate } from "../closed-forms/detector-noise.js";
import type { CrappifierTemplate, ParameterRange } from "../template/crappifier-template.js";
import { measuredNumbers } from "./detector-law.js";
import type { DetectorMeasurement } from "./fit-outcome.js";
import type { FitProblem } from "./fit-problem.js";

/** Of the intervals that were measured, each way. */
const REACH = 2;
/** Of a value: where the template needs another number than the one that has the interval, the interval is not its own. */
const SAME = 1e-6;
/** Steps whose noise is the law of a detector; with others beside them, the law is that of all together. */
const kinds = new Set(["camera", "poisson", "gaussian"]);

/** The ranges that are asked for, each no wider than what was measured of its number; those of pairs as they are. */
export function heldRanges(
  { isPaired, ranges, template }: FitProblem,
  asked: CrappifierTemplate,
  detector: readonly DetectorMeasurement[],
): readonly ParameterRange[] {
  if (isPaired || !template.detector.every(({ kind }) => kinds.has(kind))) return ranges;
  const direct = detector.filter(({ method }) => method === "TWO_SCANS" || method === "DARK_FRAMES");
  return direct.reduce((all, measurement) => {
    const numbers = measuredNumbers(asked, measurement);
    return all.map((range) => held(range, measurement.estimates[asked.parameterOf(range.path)], numbers[range.path]));
  }, ranges);
}

function held(range: ParameterRange, estimate: Estimate | undefined, number: number | undefined): ParameterRange {
  if (estimate === undefined || number === undefined) return range;
  const { value, low, high } = estimate;
  if (Math.abs(number - value) > SAME * Math.abs(value)) return range;
  const min = Math.max(range.min, value - REACH * (value - low));
  const max = Math.min(range.max, value + REACH * (high - value));
  return min < max ? { ...range, min, max } : range;
}
