/** The picture of a model version: a tile held back, enlarged plainly, restored, and as it really is. */
import { createPixelArray, encodePng, montage, type PixelArray } from "@pssr/imaging";
import type { Restoration } from "../learning/trainer.js";

/** A PNG, 8 bits: black level 0, white level 255. */
export function previewPicture({ height, width, bilinear, restored, original }: Restoration): Uint8Array {
  const panel = (values: Float32Array): PixelArray =>
    createPixelArray(
      "yx",
      [height, width],
      new Uint8Array(Uint8ClampedArray.from(values.subarray(0, height * width), (v) => v * 255).buffer),
    );
  return encodePng(montage([panel(bilinear), panel(restored), panel(original)], ["bilinear", "restored", "original"]));
}
