/** A fit of nothing but a detector: its closed form is the result, and nothing is looked for. */
import { refuse } from "../refuse.js";
import type { CrappifierTemplate, ParameterRange } from "../template/crappifier-template.js";
import { findingsOf } from "./findings.js";
import type { DetectorMeasurement, FitOutcome, FittedParameter } from "./fit-outcome.js";
import type { FitProblem } from "./fit-problem.js";
import { measureDetector } from "./measure-detector.js";

/**
 * @throws PssrError INVALID_FIELD where the images tell nothing, and for ranges and steps whose numbers a detector's images cannot
 *   tell.
 */
export function detectorAlone(problem: FitProblem, template: CrappifierTemplate): FitOutcome {
  const { found: detector, findings } = measureDetector(problem, undefined);
  const [measurement] = detector;
  if (measurement === undefined) {
    const [reason] = findings;
    throw refuse(
      "detector_images",
      reason?.message ?? "there are none; give scans, dark frames, pairs or unpaired images",
    );
  }
  if (problem.optional.length > 0) {
    throw refuse(
      "optional_steps",
      "a detector's images do not tell which steps there are; give pairs, or leave them out",
    );
  }
  const parameters = problem.ranges.map((range, n) => parameterOf(range, n, template, measurement));
  const point = Object.fromEntries(parameters.map(({ path, value }) => [path, value]));
  const found = {
    crappifier: template.at(point),
    parameters,
    kept: [],
    detector,
    distance: 0,
    fittedTiles: 0,
    heldOutTiles: 0,
    goodness: undefined,
    comparison: undefined,
  };
  return { ...found, findings: [...findingsOf(found, problem, template), ...findings] };
}

function parameterOf(
  { path, min, max }: ParameterRange,
  n: number,
  template: CrappifierTemplate,
  { estimates }: DetectorMeasurement,
): FittedParameter {
  const estimate = estimates[template.parameterOf(path)];
  if (estimate === undefined) {
    throw refuse(
      `ranges[${n}].path`,
      `${path} cannot be told from images of the detector alone, which tell ${Object.keys(estimates).join(", ")}; give pairs or unpaired images, or leave the range out`,
    );
  }
  const held = (value: number) => Math.min(Math.max(value, min), max);
  const { value, low, high } = estimate;
  return { path, value: held(value), low: held(low), high: held(high), isIdentified: true, sensitivity: 0 };
}
