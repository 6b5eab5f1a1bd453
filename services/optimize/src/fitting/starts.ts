/** Where a search begins: the template's own numbers, and those of the detector as it was measured in closed form. */
import type { Point } from "../search/search-space.js";
import type { CrappifierTemplate } from "../template/crappifier-template.js";
import { measuredNumbers } from "./detector-law.js";
import type { DetectorMeasurement } from "./fit-outcome.js";

export function startsOf(template: CrappifierTemplate, detector: readonly DetectorMeasurement[]): Point[] {
  const { start } = template;
  const measured = detector.map((measurement) => withMeasured(template, start, measurement));
  const standIns = detector.flatMap((measurement, n) => standIn(template, measured[n]!, measurement)).slice(0, 1);
  return [start, ...[...measured, ...standIns].filter((point) => !isSamePoint(point, start))];
}

/**
 * Noise that was taken for none may be there as well, and from none of it no way leads downhill, for what noise adds is its square:
 * the same with the middle of its interval, where something was taken for none.
 */
function standIn(template: CrappifierTemplate, point: Point, { estimates }: DetectorMeasurement): Point[] {
  const changed = template.space.ranges.flatMap(({ name, min, max, acts }): [string, number][] => {
    const { value, high } = estimates[template.parameterOf(name)] ?? { value: 1, high: 1 };
    return acts === "BY_SQUARE" && value === 0 && high > min ? [[name, Math.min(Math.max(high / 2, min), max)]] : [];
  });
  return changed.length === 0 ? [] : [{ ...point, ...Object.fromEntries(changed) }];
}

/** A point with what was measured in place of its own numbers, held within the ranges. */
function withMeasured(template: CrappifierTemplate, point: Point, measurement: DetectorMeasurement): Point {
  const numbers = measuredNumbers(template, measurement);
  const changed = template.space.ranges.flatMap(({ name, min, max }): [string, number][] => {
    const number = numbers[name];
    return number === undefined ? [] : [[name, Math.min(Math.max(number, min), max)]];
  });
  return { ...point, ...Object.fromEntries(changed) };
}

function isSamePoint(a: Point, b: Point): boolean {
  return Object.keys(a).every((name) => a[name] === b[name]);
}
