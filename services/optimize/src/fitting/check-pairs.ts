/** Whether the images of pairs show the same field at the same place, and are as bright as each other. */
import type { StepSpec } from "@pssr/crappifiers";
import { unsuitable } from "../refuse.js";
import { byField } from "./by-field.js";
import type { Finding } from "./fit-outcome.js";
import type { FitProblem } from "./fit-problem.js";
import { displacementOf, type Registered } from "./registration.js";
import { type SmallShift, smallShiftOf } from "./small-shift.js";
import { unevenBrightness } from "./uneven-brightness.js";

/** Less evidence for a displacement is luck: there are hundreds of places. */
const LEAST_EVIDENCE = 20;
/** Low-resolution pixels: less makes hardly a difference. */
const LEAST_SHIFT = 0.08;
/** Standard errors. */
const CERTAIN = 4;

/** A real tile beside what it is compared with. */
export interface Pair extends Registered {
  field: string;
}

/** @throws PssrError UNSUITABLE_IMAGES, naming the image's field, for one that clearly lies a low-resolution pixel or more away. */
export function checkPairs(tiles: readonly Pair[], problem: Pick<FitProblem, "template" | "ranges">): Finding[] {
  const images = byField(tiles);
  const strangers = checkRegistration(images);
  const isDrift = problem.template.optics.some(({ kind }) => kind === "drift");
  return [...strangers, ...(isDrift ? [] : smallShifts(images)), ...(isVaried(problem) ? [] : unevenImages(images))];
}

type Images = ReadonlyMap<string, readonly Pair[]>;

function checkRegistration(images: Images): Finding[] {
  const strangers: { field: string; inPlace: number }[] = [];
  for (const [field, own] of images) {
    const { x, y, correlation, evidence, inPlace, luck } = displacementOf(own);
    if (inPlace < luck) strangers.push({ field, inPlace });
    if (evidence < LEAST_EVIDENCE) continue;
    if (x === 0 && y === 0) continue;
    throw unsuitable(
      field,
      `it lies ${x} low-resolution pixels to the right of and ${y} below its high-resolution image (correlation ${correlation.toFixed(2)}): bring the two to the same place, or give them unpaired`,
    );
  }
  return strange(strangers);
}

/**
 * What is displaced by part of a pixel can be fitted, but what its edges differ in looks like blur and noise. One image may tell it,
 * or all together, where a microscope or another kernel of sampling displaces each alike.
 */
function smallShifts(images: Images): Finding[] {
  const shifts = [...images].flatMap(([field, own]) => {
    const shift = smallShiftOf(own);
    return shift === undefined ? [] : [{ field, ...shift }];
  });
  const worst = shifts.filter(isShifted).sort((a, b) => Math.hypot(b.x, b.y) - Math.hypot(a.x, a.y))[0];
  const mean = meanShift(shifts);
  if (worst === undefined && !isShifted(mean)) return [];
  const { x, y } = worst ?? mean;
  const which = worst === undefined ? "images of pairs lie on average" : `${worst.field} lies`;
  const message = `${which} ${x.toFixed(2)} low-resolution pixels to the right of and ${y.toFixed(2)} below what the high-resolution image shows: blur and noise seem larger than they are; bring the two to the same place, or, where all lie alike, try another kernel of sampling`;
  return [{ kind: "DISPLACED", subject: worst?.field ?? "", message }];
}

function meanShift(shifts: readonly SmallShift[]): SmallShift {
  const mean = (of: (shift: SmallShift) => number) => shifts.reduce((sum, one) => sum + of(one), 0) / shifts.length;
  const error = (of: (shift: SmallShift) => number) => Math.sqrt(mean((shift) => of(shift) ** 2) / shifts.length);
  return {
    x: mean(({ x }) => x),
    y: mean(({ y }) => y),
    errorX: error(({ errorX }) => errorX),
    errorY: error(({ errorY }) => errorY),
  };
}

function isShifted({ x, y, errorX, errorY }: SmallShift): boolean {
  return Math.hypot(x, y) > LEAST_SHIFT && (Math.abs(x) > CERTAIN * errorX || Math.abs(y) > CERTAIN * errorY);
}

/** Parameters that make tiles brighter or darker. */
const brightening = ["gain", "offset", "mean", "gamma", "amount", "salt"] as const;

/** Whether the crappifier, or one that is looked for, varies how bright tiles are. */
function isVaried({ template: { optics, detector }, ranges }: Pick<FitProblem, "template" | "ranges">): boolean {
  const isAsked = ranges.some(({ path }) => brightening.some((name) => path.endsWith(`.${name}.spread`)));
  const varies = (step: StepSpec) =>
    step.kind === "brightness_bands" ||
    step.kind === "external" ||
    brightening.some((name) => spreadOf(step, name) > 0);
  return isAsked || [...optics, ...detector].some(varies);
}

function spreadOf(step: StepSpec, name: string): number {
  return (step as unknown as Record<string, { spread?: number } | undefined>)[name]?.spread ?? 0;
}

function unevenImages(images: Images): Finding[] {
  const uneven = unevenBrightness(images);
  const worst = uneven[0];
  if (worst === undefined) return [];
  const { field, units } = worst;
  const how = `up to ${Math.abs(units).toFixed(0)} / 255 ${units > 0 ? "brighter" : "darker"}`;
  const message = `${field} is ${how} than other low-resolution images where the high-resolution ones show the same, and ${uneven.length} of ${images.size} differ so: each seems to be stretched to its own range, or the light varies; give images as the detector counted, with the same levels for all of them, or look for the spread of a contrast's gain and offset`;
  return [{ kind: "OTHER_BRIGHTNESS", subject: field, message }];
}

function strange(strangers: readonly { field: string; inPlace: number }[]): Finding[] {
  const worst = [...strangers].sort((a, b) => a.inPlace - b.inPlace)[0];
  if (worst === undefined) return [];
  const { field, inPlace } = worst;
  const message = `${field} has next to nothing in common with its high-resolution image (correlation ${inPlace.toFixed(2)}): the two may be of different fields; look at the pairs, and give images of different fields unpaired`;
  return [{ kind: "DISPLACED", subject: field, message }];
}
