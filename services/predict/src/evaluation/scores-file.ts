/** The scores of an evaluation as an object: JSON, in which Infinity is the text "Infinity". */
import type { Abortable, ObjectStore } from "@pssr/platform";
import type { Score } from "./scores.js";

export type PairScores = readonly (readonly Score[])[];

/** A hundred pairs take about 60 KiB. */
const maximumBytes = 1024 * 1024;

export function encodeScores(scores: PairScores): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify(scores, (_, value: unknown) => (value === Number.POSITIVE_INFINITY ? "Infinity" : value)),
  );
}

export async function readScores(objects: ObjectStore, key: string, options: Abortable): Promise<PairScores> {
  const text = new TextDecoder().decode(await objects.getBytes(key, maximumBytes, options));
  return JSON.parse(text, (_, value: unknown) => (value === "Infinity" ? Number.POSITIVE_INFINITY : value));
}
