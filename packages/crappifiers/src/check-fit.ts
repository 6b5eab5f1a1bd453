/** Whether a crappifier can work on tiles of a certain kind: asked when they are chosen, not when the first one comes. */
import { PssrError } from "@pssr/api";
import { checkExternalPlane, isExternal } from "./external-step.js";
import type { Crappifier, Parameter, StepSpec } from "./spec.js";
import { stageGrids } from "./stage-grids.js";
import type { Stage, StageGrid, Step } from "./step.js";
import { steps } from "./steps/registry.js";

/**
 * @param tile The high-resolution tile.
 * @param path Where the crappifier stands in the request: `crappifier`.
 * @throws PssrError INVALID_FIELD with the path of the field that does not fit, such as `crappifier.sampling.scale`.
 */
export function checkFit(crappifier: Crappifier, tile: StageGrid, path: string): void {
  const { scale } = crappifier.sampling;
  if (tile.height % scale !== 0 || tile.width % scale !== 0) {
    const field = `${path}.sampling.scale`;
    throw new PssrError(
      "INVALID_FIELD",
      `${field}: ${scale} does not divide tiles of ${tile.height}×${tile.width}; use a scale that does, or other tiles`,
      { field },
    );
  }
  const [optics, detector] = stageGrids(crappifier, tile);
  checkStage("optics", crappifier.optics, optics, path);
  checkStage("detector", crappifier.detector, detector, path);
}

function checkStage(stage: Stage, specs: readonly StepSpec[], grid: StageGrid, path: string): void {
  for (const [index, spec] of specs.entries()) {
    if (isExternal(spec)) {
      checkExternalPlane(grid, `${path}.${stage}[${index}]`);
      continue;
    }
    const step: Step = steps[spec.kind];
    const given: Readonly<Record<string, Parameter | string>> = spec;
    const values = Object.keys(step.parameters).map((name) => [name, (given[name] as Parameter).value]);
    const problem = step.problem?.(Object.fromEntries(values), grid);
    if (problem === undefined) continue;
    const field = `${path}.${stage}[${index}].${problem.parameter}`;
    throw new PssrError("INVALID_FIELD", `${field}: ${problem.message}`, { field });
  }
}
