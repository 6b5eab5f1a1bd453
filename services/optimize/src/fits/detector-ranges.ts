/**
 * What the images of a detector tell by themselves: the numbers of its closed form, as a camera or as Poisson and Gaussian noise.
 * Where there are no other images, nothing else can be looked for.
 */
import { refuse } from "../refuse.js";
import type { CrappifierTemplate, ParameterRange } from "../template/crappifier-template.js";
import type { FitImages } from "./source-images.js";

const byDarkFrames: readonly string[] = ["gaussian.sigma", "gaussian.mean"];
const byScans: readonly string[] = ["camera.photons", "camera.read_noise", "poisson.mix", "gaussian.sigma"];
/** The offset differs in no two scans. */
const byBoth: readonly string[] = [...byScans, "camera.offset", "gaussian.mean"];

/** Whether there are no images but a detector's. */
export function isDetectorAlone({ pairs, low }: Pick<FitImages, "pairs" | "low">): boolean {
  return pairs.length + low.length === 0;
}

/** Of usual ranges those that a detector's images tell. Throws INVALID_FIELD where these are none. */
export function toldRanges(
  ranges: readonly ParameterRange[],
  template: CrappifierTemplate,
  images: FitImages,
): ParameterRange[] {
  const told = ranges.filter(({ path }) => isTold(path, template, images));
  if (told.length > 0) return told;
  throw refuse(
    "fit.template",
    `${whatTells(images)}, and it has none of them to be found; give a template that has, ${moreImages(images)}`,
  );
}

/** Throws INVALID_FIELD for ranges of what a detector's images do not tell, or of one noise twice. */
export function checkToldRanges(
  ranges: readonly ParameterRange[],
  optionalSteps: readonly string[],
  template: CrappifierTemplate,
  images: FitImages,
): void {
  if (optionalSteps.length > 0) {
    throw refuse(
      "fit.optional_steps",
      "a detector's images do not tell which steps there are; leave them out, or give pairs",
    );
  }
  const paths = new Map<string, string>();
  ranges.forEach(({ path }, n) => {
    const field = `fit.ranges[${n}].path`;
    if (!isTold(path, template, images)) {
      throw refuse(
        field,
        `${path} is nothing of that: ${whatTells(images)}; leave the range out, ${moreImages(images)}`,
      );
    }
    const parameter = template.parameterOf(path);
    const isCamera = parameter.startsWith("camera.");
    const twice = [...paths].find(([other]) => other === parameter || other.startsWith("camera.") !== isCamera);
    if (twice !== undefined) {
      throw refuse(
        field,
        `${path} and ${twice[1]} are the same noise, which would be there twice; look for one of them`,
      );
    }
    paths.set(parameter, path);
  });
}

function isTold(path: string, template: CrappifierTemplate, images: FitImages): boolean {
  return path.startsWith("detector[") && toldBy(images).told.includes(template.parameterOf(path));
}

function toldBy({ scans, darkFrames }: FitImages): { what: string; told: readonly string[] } {
  if (scans.length === 0) return { what: "dark frames alone", told: byDarkFrames };
  if (darkFrames.length === 0) return { what: "scans without dark frames", told: byScans };
  return { what: "scans and dark frames", told: byBoth };
}

function whatTells(images: FitImages): string {
  const { what, told } = toldBy(images);
  return `${what} tell ${told.join(", ")} of its detector's steps`;
}

function moreImages({ scans }: FitImages): string {
  return scans.length > 0 ? "or give pairs or unpaired images" : "or give repeated scans, pairs or unpaired images";
}
