/** What two images must have in common before they can be compared. */
import { PssrError } from "@pssr/api";
import type { PixelArray } from "../pixels/pixel-array.js";

/** @throws PssrError SHAPE_MISMATCH if axes or shape differ; INVALID_FIELD unless the data range is above zero */
export function checkComparable(reference: PixelArray, image: PixelArray, dataRange?: number): void {
  if (reference.axes !== image.axes || reference.shape.some((size, axis) => size !== image.shape[axis])) {
    throw new PssrError(
      "SHAPE_MISMATCH",
      `cannot compare ${image.axes} ${image.shape.join("×")} with the reference, ${reference.axes} ${reference.shape.join("×")}: give images of one shape`,
    );
  }
  if (dataRange !== undefined && !(dataRange > 0 && Number.isFinite(dataRange))) {
    throw new PssrError("INVALID_FIELD", `data range ${dataRange}: give a number above 0, 255 for 8-bit pixels`);
  }
}
