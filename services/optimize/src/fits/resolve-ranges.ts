/**
 * What is looked for: the ranges of a request, or the usual ones. Paths that lead nowhere, numbers for which tiles have no room, and
 * what the images cannot tell are refused with their fields.
 */
import { type Fit, isPssrError, PssrError } from "@pssr/api";
import { type Crappifier, checkFit } from "@pssr/crappifiers";
import { CrappifierTemplate, type ParameterRange } from "../template/crappifier-template.js";
import { defaultRanges } from "./default-ranges.js";
import { checkToldRanges, isDetectorAlone, toldRanges } from "./detector-ranges.js";
import { fitError } from "./fit-error.js";
import { fromRanges } from "./fit-message.js";
import type { FitImages } from "./source-images.js";

/** @param side Of a high-resolution tile. */
export function resolveRanges(fit: Fit, template: Crappifier, side: number, images: FitImages): ParameterRange[] {
  const highs = images.pairs.length > 0 ? images.pairs.map(({ high }) => high) : images.high;
  const sizes = new Set(highs.map(({ pixelSizeNm }) => pixelSizeNm || undefined));
  const smallest = Math.min(...highs.map(({ pixelSizeNm }) => pixelSizeNm || Infinity));
  const facts = { side, pixelSizeNm: Number.isFinite(smallest) ? smallest : 0 };
  const check = (ranges: readonly ParameterRange[]) =>
    belowFit(() => new CrappifierTemplate(template, ranges, fit.optionalSteps));
  const isAlone = isDetectorAlone(images);
  let ranges = fit.ranges.length === 0 ? defaultRanges(template, facts) : fromRanges(fit.ranges, "fit.ranges");
  const checked = check(ranges);
  if (isAlone) {
    if (fit.ranges.length === 0) ranges = toldRanges(ranges, checked, images);
    checkToldRanges(ranges, fit.optionalSteps, checked, images);
  }
  for (const pixelSizeNm of sizes) {
    const tile = { height: side, width: side, pixelSizeNm };
    checkFit(template, tile, "fit.template");
    checkRoom(checked, ranges, (crappifier) => checkFit(crappifier, tile, "fit.template"));
  }
  return ranges;
}

/** At both ends of each range, and of the ranges of one step at all corners: what has room alone may have none together. */
function checkRoom(
  template: CrappifierTemplate,
  ranges: readonly ParameterRange[],
  checkAt: (crappifier: Crappifier) => void,
): void {
  ranges.forEach(({ path, min, max }, n) => {
    for (const value of [min, max]) {
      const crappifier = template.at({ ...template.start, [path]: value });
      blamingRange(`fit.ranges[${n}]`, `${value} cannot be tried`, () => checkAt(crappifier));
    }
  });
  for (const [n, own] of rangesOfSteps(ranges)) {
    for (const corner of cornersOf(own)) {
      const crappifier = template.at({ ...template.start, ...Object.fromEntries(corner) });
      const told = corner.map(([path, value]) => `${path} of ${value}`).join(" and ");
      blamingRange(`fit.ranges[${n}]`, `${told} cannot be tried together`, () => checkAt(crappifier));
    }
  }
}

/** Of each step the ranges of its values, a handful at most, with the number of the first one; spreads take no room. */
function rangesOfSteps(ranges: readonly ParameterRange[]): [number, ParameterRange[]][] {
  const steps = new Map<string, [number, ParameterRange[]]>();
  ranges.forEach((range, n) => {
    if (!range.path.endsWith(".value")) return;
    const step = range.path.slice(0, range.path.indexOf("."));
    const known = steps.get(step);
    if (known === undefined) steps.set(step, [n, [range]]);
    else known[1].push(range);
  });
  return [...steps.values()].filter(([, own]) => own.length > 1);
}

function cornersOf([first, ...others]: readonly ParameterRange[]): [path: string, value: number][][] {
  if (first === undefined) return [[]];
  const rest = cornersOf(others);
  return [first.min, first.max].flatMap((value) =>
    rest.map((corner): [string, number][] => [[first.path, value], ...corner]),
  );
}

function belowFit<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fitError(error);
  }
}

function blamingRange(field: string, problem: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isPssrError(error)) throw error;
    const { metadata } = error;
    const message = `${field}: ${problem} on tiles of this size: ${error.message}`;
    throw new PssrError("INVALID_FIELD", message, { field, metadata, cause: error });
  }
}
