/** Vectors of features. */
import { dot } from "../search/dot.js";

export function differenceOf(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, n) => value - b[n]!);
}

/** @param vectors At least one. */
export function meanOf(vectors: readonly Float64Array[]): Float64Array {
  return vectors[0]!.map((_, n) => vectors.reduce((sum, vector) => sum + vector[n]!, 0) / vectors.length);
}

export function squareOf(vector: Float64Array): number {
  return dot(vector, vector);
}

export function lengthOf(vector: Float64Array): number {
  return Math.sqrt(squareOf(vector));
}
