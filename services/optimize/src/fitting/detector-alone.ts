/** A fit of nothing but a detector: its closed form is the result, and nothing is looked for. */
import type { Crappifier } from "@pssr/crappifiers";
import type { Estimate } from "../closed-forms/detector-noise.js";
import { refuse, unsuitable } from "../refuse.js";
import { placeOf } from "../search/search-space.js";
import type { CrappifierTemplate, ParameterRange } from "../template/crappifier-template.js";
import { type DetectorLaw, lawOf, numbersOf, varianceOf } from "./detector-law.js";
import { findingsOf } from "./findings.js";
import type { DetectorMeasurement, FitOutcome, FittedParameter } from "./fit-outcome.js";
import type { FitProblem } from "./fit-problem.js";
import { isIdentifiedBy } from "./identified.js";
import { type MeasuredLaw, measureDetector } from "./measure-detector.js";

/** To be blamed. */
const FIELD = "detector_images";
/** What noise may differ by, beyond its interval: this share of the variance at the mean intensity. */
const TOLERANCE = 0.05;

/** A number as it was measured, and as it is told: within its range. */
interface Told {
  measured: Estimate;
  parameter: FittedParameter;
}

/**
 * @throws PssrError INVALID_FIELD where the images tell nothing, and for ranges and steps whose numbers a detector's images cannot
 *   tell; UNSUITABLE_IMAGES where they leave numbers open that a crappifier needs, or where the noise of the template, within its
 *   ranges, is not the one measured.
 */
export function detectorAlone(problem: FitProblem, template: CrappifierTemplate): FitOutcome {
  const { found: detector, findings, law } = measureDetector(problem, undefined);
  const [measurement] = detector;
  if (measurement === undefined || law === undefined) {
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
  problem.ranges.forEach(({ path }, n) => {
    checkTold(path, `ranges[${n}].path`, template, measurement);
  });
  const told = toldOf(problem, template, law);
  checkIdentified(told, template);
  const parameters = told.map(({ parameter }) => parameter);
  const point = Object.fromEntries(parameters.map(({ path, value }) => [path, value]));
  const crappifier = template.at(point);
  checkNoise(crappifier, law, told, template);
  const found = {
    crappifier,
    parameters,
    kept: [],
    detector,
    distance: 0,
    expectedDistance: undefined,
    fittedTiles: 0,
    heldOutTiles: 0,
    goodness: undefined,
    comparison: undefined,
  };
  return { ...found, findings: [...findingsOf(found, problem, template), ...findings] };
}

function checkTold(path: string, field: string, template: CrappifierTemplate, { estimates }: DetectorMeasurement) {
  if (estimates[template.parameterOf(path)] !== undefined) return;
  throw refuse(
    field,
    `${path} cannot be told from images of the detector alone, which tell ${Object.keys(estimates).join(", ")}; give pairs or unpaired images, or leave the range out`,
  );
}

function toldOf({ ranges }: FitProblem, template: CrappifierTemplate, law: MeasuredLaw): Told[] {
  const middle = law.intensities[1];
  const number = (path: string) => (one: DetectorLaw) =>
    numbersOf(one, template, Math.max(middle - one.offset, 0))[path]!;
  return ranges.map((range) => {
    const { path } = range;
    const { offset } = law;
    const isOffset = ["camera.offset", "gaussian.mean"].includes(template.parameterOf(path));
    if (!isOffset || offset === undefined) return toldIn(range, law.estimate(number(path)));
    const at = (value: number) => law.estimate((one) => number(path)({ ...one, offset: value })).value;
    return toldIn(range, { value: at(offset.value), low: at(offset.low), high: at(offset.high) });
  });
}

function toldIn(range: ParameterRange, measured: Estimate): Told {
  const { path, min, max, scale } = range;
  const held = (value: number) => Math.min(Math.max(value, min), max);
  const [value, low, high] = [held(measured.value), held(measured.low), held(measured.high)];
  const place = (end: number) => placeOf({ name: path, min, max, scale }, end);
  const isIdentified = isIdentifiedBy(place(low), place(high));
  return { measured, parameter: { path, value, low, high, isIdentified, sensitivity: 0 } };
}

/**
 * Read noise in electrons is nothing without photons; and of photon noise and read noise of which neither is known any mixture would
 * do for the intensities that were seen, and be wrong for others.
 */
function checkIdentified(told: readonly Told[], template: CrappifierTemplate): void {
  const noise = told.filter(({ parameter: { path } }) => countedOrRead.includes(template.parameterOf(path)));
  const open = noise.filter(({ parameter }) => !parameter.isIdentified);
  const lacksPhotons = open.some(({ parameter: { path } }) => template.parameterOf(path) === "camera.photons");
  if (!lacksPhotons && (open.length < 2 || open.length < noise.length)) return;
  const what = open.map(({ parameter: { path }, measured }) => `${path} lies between ${ends(measured)}`).join(", ");
  const gaussian = "or look for Gaussian noise alone where that is all there is";
  throw unsuitable(
    FIELD,
    `they do not tell photon noise from read noise: ${what}; give scans with bright and dark parts, or dark frames beside them, ${gaussian}`,
  );
}

const countedOrRead = ["camera.photons", "camera.read_noise", "poisson.mix", "gaussian.sigma"];

/** That the crappifier has the noise that was measured, wherever it was. */
function checkNoise(
  { detector }: Crappifier,
  law: MeasuredLaw,
  told: readonly Told[],
  template: CrappifierTemplate,
): void {
  const wrong = misfitOf(detector, law);
  if (wrong === undefined) return;
  const { light, measured, found } = wrong;
  const noise = `at an intensity of ${light.toFixed(0)} / 255 noise has a deviation of ${deviation(measured)} / 255, and the crappifier would have one of ${deviation(found)}`;
  const uncut = Object.fromEntries(told.map(({ measured, parameter: { path } }) => [path, measured.value]));
  const cut = told.find(({ measured, parameter }) => measured.value !== parameter.value);
  if (cut !== undefined && misfitOf(template.at(uncut).detector, law) === undefined) {
    const { measured, parameter } = cut;
    // Where the interval reaches into the range, the truth may lie there.
    const more =
      parameter.low < parameter.high ? ", or scans with brighter and darker parts, which tell it better" : "";
    throw unsuitable(
      FIELD,
      `${parameter.path} is ${Number(measured.value.toPrecision(3))}, between ${ends(measured)}, which is beyond its range: ${noise}; give a wider range${more}`,
    );
  }
  const kinds = told.map(({ parameter: { path } }) => template.parameterOf(path));
  const lacking = halves.find(([half, other]) => kinds.includes(half) && !kinds.includes(other));
  const advice =
    lacking === undefined
      ? "give a template whose other steps make no noise"
      : `${lacking[0]} alone does not tell it: give a range for ${lacking[1]} too, or the template the number that your detector has`;
  throw unsuitable(FIELD, `with what the template fixes, its noise is not that of the images: ${noise}; ${advice}`);
}

/** Where the noise of these steps is not the measured one. */
function misfitOf(detector: Crappifier["detector"], law: MeasuredLaw) {
  const own = lawOf(detector);
  const offset = law.estimate((one) => one.offset).value;
  const lights = law.intensities.map((seen) => Math.max(seen - offset, 0));
  const measuredAt = (light: number) => law.estimate((one) => varianceOf(one, light));
  const slack = TOLERANCE * measuredAt(lights[1]!).value;
  return lights
    .map((light) => ({ light, measured: measuredAt(light), found: varianceOf(own, light) }))
    .map(({ measured, ...at }) => ({ ...at, ...measured, measured: measured.value }))
    .find(({ low, high, found }) => found < low - slack || found > high + slack);
}

function deviation(variance: number): string {
  return Math.sqrt(variance).toPrecision(3);
}

/** What is half of a noise, and the other half. */
const halves = [
  ["camera.read_noise", "camera.photons"],
  ["camera.photons", "camera.read_noise"],
  ["gaussian.sigma", "poisson.mix"],
  ["poisson.mix", "gaussian.sigma"],
] as const;

function ends({ low, high }: Estimate): string {
  return `${Number(low.toPrecision(3))} and ${Number(high.toPrecision(3))}`;
}
