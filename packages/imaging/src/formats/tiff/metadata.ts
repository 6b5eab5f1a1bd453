/** Pixel size and intensity levels in a TIFF page's tags, and in the descriptions that OME and ImageJ write. */
import type { BlackAndWhite } from "../../pixels/levels.js";
import { type Dtype, maximumOf } from "../../pixels/pixel-array.js";
import { crediblePixelSize } from "../decoded-image.js";
import type { Directory } from "./read-directories.js";
import { tag } from "./tags.js";

const nanometres: Readonly<Record<string, number>> = {
  pm: 1e-3,
  Å: 0.1,
  nm: 1,
  nanometer: 1,
  um: 1e3,
  µm: 1e3,
  μm: 1e3,
  "\\u00B5m": 1e3,
  micron: 1e3,
  microns: 1e3,
  micrometer: 1e3,
  mm: 1e6,
  cm: 1e7,
  inch: 2.54e7,
};

/** OME-XML first, then ImageJ's `unit=`, then the resolution tags. */
export function pixelSizeOf(directory: Directory): { pixelSizeNm?: number } {
  const description = directory.text.get(tag.imageDescription) ?? "";
  const ome = (axis: "X" | "Y"): number => {
    const size = new RegExp(`PhysicalSize${axis}="([0-9.eE+-]{1,32})"`).exec(description)?.[1];
    const unit = new RegExp(`PhysicalSize${axis}Unit="([^"]{1,16})"`).exec(description)?.[1] ?? "µm";
    return Number(size) * (nanometres[unit] ?? Number.NaN);
  };
  if (/<OME[\s>]/.test(description)) return crediblePixelSize(ome("X"), ome("Y"));
  const [x, y] = [directory.numbers.get(tag.xResolution)?.[0], directory.numbers.get(tag.yResolution)?.[0]];
  if (x === undefined || y === undefined) return {};
  const imageJ = description.startsWith("ImageJ=") ? /^unit=(.{1,16})$/m.exec(description)?.[1] : undefined;
  const units = { 2: "inch", 3: "cm" } as Record<number, string>;
  const unit = imageJ ?? units[directory.numbers.get(tag.resolutionUnit)?.[0] ?? 2];
  const perUnit = nanometres[unit ?? ""];
  return perUnit === undefined ? {} : crediblePixelSize(perUnit / x, perUnit / y);
}

/** The declared least and greatest sample value, unless it is the dtype's whole range, which tells nothing. */
export function levelsOf(directory: Directory, dtype: Dtype): { levels?: BlackAndWhite } {
  const value = (...names: number[]) =>
    names.map((name) => directory.numbers.get(name)?.[0]).find((found) => found !== undefined);
  const black = value(tag.sMinSampleValue, tag.minSampleValue);
  const white = value(tag.sMaxSampleValue, tag.maxSampleValue);
  if (black === undefined || white === undefined || !Number.isFinite(black) || !Number.isFinite(white)) return {};
  return white <= black || (black === 0 && white === maximumOf(dtype)) ? {} : { levels: { black, white } };
}
