/** The image files that Pillow and tifffile wrote (make.py beside them), and what they hold. */
import { readFileSync } from "node:fs";
import type { Reason } from "@pssr/api";
import { allocatePixels, type Dtype, type PixelData, pixelCount } from "@pssr/imaging";

export interface Expected {
  dtype: Dtype;
  shape: number[];
  pixelSizeNm?: number;
  levels?: { black: number; white: number };
}

const folder = new URL("../../test/fixtures/", import.meta.url);

export function readFixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, folder)));
}

export const files = JSON.parse(readFileSync(new URL("files.json", folder), "utf8")) as Record<
  string,
  Expected | { reason: Reason }
>;

/** make.py's pixels. */
export function pattern(dtype: Dtype, shape: readonly number[]): PixelData {
  const data = allocatePixels(dtype, pixelCount(shape));
  for (let i = 0; i < data.length; i++) {
    const value = (i * 7919) % 251;
    data[i] = dtype === "uint8" ? value : dtype === "uint16" ? (value * 257) % 65521 : value / 8;
  }
  return data;
}
