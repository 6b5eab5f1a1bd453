/** The images of a fit, as their owner describes them. */
import { type Fit, type Image, imageName, PssrError } from "@pssr/api";
import { type Dtype, fromDataType, fromIntensityLevels, type Levels, pixelCount } from "@pssr/imaging";
import type { CallFor } from "@pssr/platform";
import type { Peers } from "../peers.js";
import { refuse } from "../refuse.js";

export interface SourceImage {
  readonly name: string;
  /** What the request calls it: `fit.pairs[0].low`. */
  readonly field: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** 0: unknown. */
  readonly pixelSizeNm: number;
  readonly levels: Levels;
}

export interface FitImages {
  readonly pairs: readonly { low: SourceImage; high: SourceImage }[];
  readonly low: readonly SourceImage[];
  readonly high: readonly SourceImage[];
  readonly scans: readonly { first: SourceImage; second: SourceImage }[];
  readonly darkFrames: readonly SourceImage[];
}

const mostPairs = 100;
const mostUnpaired = 100;
const mostDetectorImages = 20;
/** Descriptions that are asked for at the same time. */
const atOnce = 8;

/**
 * Throws INVALID_FIELD for what cannot be asked for, NOT_FOUND with the field of an image that there is not.
 * @param project Of the fit: an operation works within its project, so all it reads must lie there.
 */
export async function findImages(fit: Fit, project: string, peers: Peers, call: CallFor): Promise<FitImages> {
  const { pairs, unpaired = { low: [], high: [] }, detectorImages = { scans: [], darkFrames: [] } } = fit;
  const { scans, darkFrames } = detectorImages;
  checkCounts(fit);
  const found = new Map<string, SourceImage>();
  const asked = [
    ...pairs.flatMap(({ low, high }, n) => [
      { name: low, field: `fit.pairs[${n}].low` },
      { name: high, field: `fit.pairs[${n}].high` },
    ]),
    ...unpaired.low.map((name, n) => ({ name, field: `fit.unpaired.low[${n}]` })),
    ...unpaired.high.map((name, n) => ({ name, field: `fit.unpaired.high[${n}]` })),
    ...scans.flatMap(({ first, second }, n) => [
      { name: first, field: `fit.detector_images.scans[${n}].first` },
      { name: second, field: `fit.detector_images.scans[${n}].second` },
    ]),
    ...darkFrames.map((name, n) => ({ name, field: `fit.detector_images.dark_frames[${n}]` })),
  ];
  for (const { name, field } of asked) checkProject(name, field, project);
  for (let from = 0; from < asked.length; from += atOnce) {
    const some = asked.slice(from, from + atOnce);
    const images = await Promise.all(some.map(({ name, field }) => peers.image(name, field, call)));
    images.forEach((image, n) => found.set(some[n]!.field, fromImage(image, some[n]!.field)));
  }
  const at = (field: string) => found.get(field)!;
  return {
    pairs: pairs.map((_, n) => ({ low: at(`fit.pairs[${n}].low`), high: at(`fit.pairs[${n}].high`) })),
    low: unpaired.low.map((_, n) => at(`fit.unpaired.low[${n}]`)),
    high: unpaired.high.map((_, n) => at(`fit.unpaired.high[${n}]`)),
    scans: scans.map((_, n) => ({
      first: at(`fit.detector_images.scans[${n}].first`),
      second: at(`fit.detector_images.scans[${n}].second`),
    })),
    darkFrames: darkFrames.map((_, n) => at(`fit.detector_images.dark_frames[${n}]`)),
  };
}

/** Number of the image's planes, and their height and width. */
export function planesOf({ shape }: Pick<SourceImage, "shape">): { planes: number; height: number; width: number } {
  return { planes: pixelCount(shape.slice(0, -2)), height: shape.at(-2)!, width: shape.at(-1)! };
}

function checkCounts({ pairs, unpaired, detectorImages }: Fit): void {
  const isPaired = pairs.length > 0;
  if (isPaired && unpaired !== undefined) {
    throw refuse("fit.unpaired", "there are pairs too; give pairs, or images that are none, not both");
  }
  const scans = detectorImages?.scans ?? [];
  const darkFrames = detectorImages?.darkFrames ?? [];
  if (!isPaired && unpaired === undefined && scans.length + darkFrames.length === 0) {
    throw refuse("fit.pairs", "there are no images; give pairs, unpaired images, or images of the detector");
  }
  checkCount(pairs.length, 0, mostPairs, "fit.pairs");
  if (unpaired !== undefined) {
    checkCount(unpaired.low.length, 1, mostUnpaired, "fit.unpaired.low");
    checkCount(unpaired.high.length, 1, mostUnpaired, "fit.unpaired.high");
  }
  checkCount(scans.length, 0, mostDetectorImages, "fit.detector_images.scans");
  checkCount(darkFrames.length, 0, mostDetectorImages, "fit.detector_images.dark_frames");
}

function checkCount(count: number, least: number, most: number, field: string): void {
  if (count < least || count > most) throw refuse(field, `there are ${count}; give ${least} to ${most}`);
}

function checkProject(name: string, field: string, project: string): void {
  const lies = imageName.parse(name, field).project;
  if (lies === project) return;
  throw refuse(field, `it lies in the project "${lies}"; a fit in "${project}" reads what is there`);
}

function fromImage({ name, shape, dataType, pixelSizeNm, levels }: Image, field: string): SourceImage {
  if (levels === undefined) {
    const message = `${field}: this release cannot read the levels of ${name}`;
    throw new PssrError("UNSUPPORTED_PIXELS", message, { field });
  }
  return {
    name,
    field,
    shape: shape.map(Number),
    dtype: fromDataType(dataType, field),
    pixelSizeNm,
    levels: fromIntensityLevels(levels, field),
  };
}
