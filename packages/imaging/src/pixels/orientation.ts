/** The eight ways to lay a square: four quarter turns, each mirrored or not. Augmentation picks one of them for each tile. */
import { PssrError } from "@pssr/api";
import { copyToKernels, kernelPlaces, kernels } from "../kernels.js";
import type { PixelData } from "./pixel-array.js";

export const orientations = 8;

/** A square of 16 vectors, twice. */
const scratchBytes = 512;

/**
 * A square plane, `side` × `side` in C order, in one of its orientations: bit 2 swaps rows and columns, then bit 0 mirrors
 * columns, and bit 1 mirrors rows. Orientation 0 is the plane itself.
 *
 * @param out Where to write the pixels; by default a new array.
 * @throws PssrError SHAPE_MISMATCH when the plane or `out` holds another number of pixels.
 */
export function orient<T extends PixelData>(plane: T, side: number, orientation: number, out = emptyLike(plane)): T {
  if (plane.length !== side * side || out.byteLength !== plane.byteLength) {
    throw new PssrError(
      "SHAPE_MISMATCH",
      `a plane of side ${side} has ${side * side} pixels; given were ${plane.length}, and room for ${out.length}`,
    );
  }
  if (orientation === 0) {
    out.set(plane);
    return out;
  }
  const [input, output, scratch] = kernelPlaces([plane.byteLength, plane.byteLength, scratchBytes]);
  copyToKernels(plane, input);
  const orientPixels =
    plane instanceof Uint8Array
      ? kernels.orientBytes
      : plane instanceof Uint16Array
        ? kernels.orientShorts
        : kernels.orientFloats;
  orientPixels(output, input, side, orientation, scratch);
  new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(
    new Uint8Array(kernels.memory.buffer, output, out.byteLength),
  );
  return out;
}

function emptyLike<T extends PixelData>(plane: T): T {
  return new (plane.constructor as new (length: number) => T)(plane.length);
}
