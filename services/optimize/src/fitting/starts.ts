/** Where a search begins: the template's own numbers, and those of the detector as it was measured in closed form. */
import type { Point } from "../search/search-space.js";
import type { CrappifierTemplate } from "../template/crappifier-template.js";
import type { DetectorMeasurement } from "./fit-outcome.js";

export function startsOf(template: CrappifierTemplate, detector: readonly DetectorMeasurement[]): Point[] {
  const { start } = template;
  const measured = detector.map((measurement) => withMeasured(template, start, { estimates: notZero(measurement) }));
  return [start, ...measured.filter((point) => !isSamePoint(point, start))];
}

/**
 * Noise that was taken for none may be there as well: from none of it no way leads downhill, for what noise adds is its square. The
 * middle of its interval stands in for it.
 */
function notZero({ estimates }: DetectorMeasurement): DetectorMeasurement["estimates"] {
  return Object.fromEntries(
    Object.entries(estimates).map(([name, { value, low, high }]) => [
      name,
      { value: value === 0 ? (low + high) / 2 : value, low, high },
    ]),
  );
}

/** A point with what was measured in place of its own numbers, held within the ranges. */
export function withMeasured(
  template: CrappifierTemplate,
  point: Point,
  { estimates }: Pick<DetectorMeasurement, "estimates">,
): Point {
  const changed = template.space.ranges.flatMap(({ name, min, max }): [string, number][] => {
    const estimate = estimates[template.parameterOf(name)];
    return estimate === undefined ? [] : [[name, Math.min(Math.max(estimate.value, min), max)]];
  });
  return { ...point, ...Object.fromEntries(changed) };
}

export function isSamePoint(a: Point, b: Point): boolean {
  return Object.keys(a).every((name) => a[name] === b[name]);
}
