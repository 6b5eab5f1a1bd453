/** Where a search begins: the template's own numbers, and those of the detector as it was measured in closed form. */
import type { Point } from "../search/search-space.js";
import type { CrappifierTemplate } from "../template/crappifier-template.js";
import type { DetectorMeasurement } from "./fit-outcome.js";

export function startsOf(template: CrappifierTemplate, detector: readonly DetectorMeasurement[]): Point[] {
  const { start } = template;
  const measured = detector
    .map((measurement) => withMeasured(template, measurement))
    .filter((point) => template.space.ranges.some(({ name }) => point[name] !== start[name]));
  return [start, ...measured];
}

/** The template's start with what was measured, held within the ranges. */
function withMeasured(template: CrappifierTemplate, { estimates }: DetectorMeasurement): Point {
  const changed = template.space.ranges.flatMap(({ name, min, max }): [string, number][] => {
    const estimate = estimates[template.parameterOf(name)];
    return estimate === undefined ? [] : [[name, Math.min(Math.max(estimate.value, min), max)]];
  });
  return { ...template.start, ...Object.fromEntries(changed) };
}
