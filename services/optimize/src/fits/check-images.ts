/** Whether the images of a fit fit together. */
import { PssrError } from "@pssr/api";
import { refuse } from "../refuse.js";
import type { FitImages, SourceImage } from "./source-images.js";

/** The factor by which the high-resolution images of pairs are larger; undefined: there are no pairs. Throws SHAPE_MISMATCH. */
export function scaleOfPairs({ pairs }: FitImages): number | undefined {
  let scale: number | undefined;
  for (const { low, high } of pairs) {
    const factor = factorOf(low, high);
    if (factor === undefined) throw mismatch(high.field, problemOf(low, high));
    scale ??= factor;
    if (factor !== scale) {
      const problem = `${high.field} is larger than ${low.field} by ${factor}, that of the first pair by ${scale}; give pairs of one factor`;
      throw mismatch(high.field, problem);
    }
  }
  return scale;
}

function problemOf(low: SourceImage, high: SourceImage): string {
  const swapped = factorOf(high, low);
  if (swapped !== undefined) {
    return `${low.field} of ${sides(low)} is larger than ${high.field} of ${sides(high)} by ${swapped}: are low and high swapped?`;
  }
  const factor = Math.floor(high.shape.at(-1)! / low.shape.at(-1)!);
  const fitting = low.shape.slice(-2).map((side) => factor * side);
  const rest = high.shape.slice(-2).map((side, n) => side - fitting[n]!);
  if (hasSamePlanes(low, high) && rest.every((side) => side >= 0 && side < factor)) {
    return `${high.field} of ${sides(high)} is larger than ${low.field} of ${sides(low)} by ${factor} but for its last ${rest[0]} rows and ${rest[1]} columns; cut it to its upper left ${fitting.join("×")}`;
  }
  return `${high.field} of ${sides(high)} is not larger than ${low.field} of ${sides(low)} by one whole factor along y and x, with the same planes; give the same field, cut alike`;
}

/** Throws SHAPE_MISMATCH where two scans cannot show the same field. */
export function checkScans({ scans }: FitImages): void {
  for (const { first, second } of scans) {
    if (sides(first) === sides(second) && first.dtype === second.dtype) continue;
    const problem = `${second.field} of ${sides(second)} ${second.dtype} and ${first.field} of ${sides(first)} ${first.dtype} are no two scans of one field; give two of the same shape and type`;
    throw mismatch(second.field, problem);
  }
}

/**
 * Throws INVALID_FIELD for images that are named twice: one would count as two, and what is held back would be what was fitted to.
 * A high-resolution image may have several low-resolution ones: they are scans of their own.
 */
export function checkNamedOnce({ pairs, low, high, scans, darkFrames }: FitImages): void {
  for (const list of [pairs.map((pair) => pair.low), low, high, darkFrames]) {
    const first = new Map<string, SourceImage>();
    for (const image of list) {
      const before = first.get(image.name);
      if (before !== undefined) throw refuse(image.field, `it is ${before.field} too; name each image once`);
      first.set(image.name, image);
    }
  }
  const highs = new Map([...pairs.map((pair) => pair.high), ...high].map((image) => [image.name, image]));
  for (const image of [...pairs.map((pair) => pair.low), ...low]) {
    const twin = highs.get(image.name);
    if (twin !== undefined) throw refuse(image.field, `it is ${twin.field} too; an image is one of the two`);
  }
  const both = new Map<string, SourceImage>();
  for (const { first, second } of scans) {
    if (first.name === second.name) {
      throw refuse(second.field, `it is ${first.field} too; give two scans, each with noise of its own`);
    }
    const names = [first.name, second.name].sort().join();
    const before = both.get(names);
    if (before !== undefined) throw refuse(second.field, `the same two as ${before.field}; name them once`);
    both.set(names, second);
  }
}

function factorOf(low: SourceImage, high: SourceImage): number | undefined {
  const factor = high.shape.at(-1)! / low.shape.at(-1)!;
  const isWhole = Number.isInteger(factor) && high.shape.at(-2)! === factor * low.shape.at(-2)!;
  return isWhole && hasSamePlanes(low, high) ? factor : undefined;
}

function hasSamePlanes(low: SourceImage, high: SourceImage): boolean {
  return low.shape.slice(0, -2).join() === high.shape.slice(0, -2).join();
}

function sides({ shape }: SourceImage): string {
  return shape.join("×");
}

function mismatch(field: string, problem: string): PssrError {
  return new PssrError("SHAPE_MISMATCH", problem, { field });
}
