/**
 * Black and white of tiles. High-resolution tiles have those of their own image, as the crappifier will use them. A low-resolution
 * image keeps what was declared of it; where its levels are only percentiles of its pixels, they are no good to compare with:
 * noise widens them. Then it has those of its high-resolution image, if the two have the same type of pixels. What measures a
 * detector was taken with the settings of the low-resolution images, and dark frames have no white at all.
 */
import { PssrError } from "@pssr/api";
import type { Levels } from "@pssr/crappifiers";
import { type Dtype, maximumOf } from "@pssr/imaging";
import type { FitImages, SourceImage } from "../fits/source-images.js";

export type LevelsOf = (image: SourceImage) => Levels;

export function greyLevels({ pairs, low, high, scans, darkFrames }: FitImages): LevelsOf {
  const levels = new Map<SourceImage, Levels>();
  const set = (image: SourceImage, like: readonly SourceImage[]) => {
    const declared = isDeclared(image) ? undefined : like.filter(({ dtype }) => dtype === image.dtype);
    levels.set(image, declared === undefined || declared.length === 0 ? ownLevels(image) : meanLevels(declared));
  };
  for (const pair of pairs) {
    set(pair.high, []);
    set(pair.low, [pair.high]);
  }
  for (const image of high) set(image, []);
  for (const image of low) set(image, high);
  const taken = [...pairs.map((pair) => pair.low), ...low];
  const like = taken.map((image) => ({ ...image, levels: { ...image.levels, ...bare(levels.get(image)!) } }));
  for (const { first, second } of scans) {
    set(first, like);
    set(second, like.length > 0 ? like : [first]);
  }
  const lit = like.length > 0 ? like : scans.map(({ first }) => first);
  for (const image of darkFrames) {
    set(image, lit);
    if (!isDeclared(image) && !lit.some(({ dtype }) => dtype === image.dtype)) levels.set(image, fullRange(image));
  }
  return (image) => levels.get(image)!;
}

function isDeclared({ levels }: SourceImage): boolean {
  return levels.source !== "PERCENTILE";
}

/** As crappify takes them: where black and white were measured, some pixels lie outside of them. */
function ownLevels({ levels, dtype }: SourceImage): Levels {
  return { ...bare(levels), ...(levels.source === "PERCENTILE" && { saturation: saturationOf(dtype) }) };
}

/** Of one image its own; of several what is between. */
function meanLevels(images: readonly SourceImage[]): Levels {
  const [first] = images;
  if (images.length === 1) return ownLevels(first!);
  const mean = (value: (image: SourceImage) => number) =>
    images.reduce((sum, image) => sum + value(image), 0) / images.length;
  const [black, white] = [mean(({ levels }) => levels.black), mean(({ levels }) => levels.white)];
  return images.every(isDeclared) ? { black, white } : { black, white, saturation: saturationOf(first!.dtype) };
}

/** Of dark frames alone, which show no white: that of their type. */
function fullRange({ dtype, field }: SourceImage): Levels {
  const white = maximumOf(dtype);
  if (dtype === "uint8" && white !== undefined) return { black: 0, white };
  const problem =
    "what is white cannot be told from dark frames alone; declare black and white where the image is taken in";
  throw new PssrError("UNSUITABLE_IMAGES", `${field}: ${problem}`, { field });
}

function saturationOf(dtype: Dtype): readonly [number, number] {
  const most = maximumOf(dtype);
  return most === undefined ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] : [0, most];
}

function bare({ black, white }: { black: number; white: number }): { black: number; white: number } {
  return { black, white };
}
