/**
 * The scores of an evaluation as they are stored, in its record or in an object of their own: JSON, which lacks Infinity, so
 * that an infinite PSNR is the text "Infinity" there.
 */
import { PssrError } from "@pssr/api";
import type { Abortable, ObjectStore } from "@pssr/platform";
import type { Score } from "./scores.js";

/** One list a pair. */
export type PairScores = readonly (readonly Score[])[];

type StoredNumber = number | "Infinity";

interface StoredScore extends Omit<Score, "psnr" | "psnrFitted"> {
  readonly psnr: StoredNumber;
  readonly psnrFitted: StoredNumber;
}

/** One list a pair. */
export type StoredScores = readonly (readonly StoredScore[])[];

/** A hundred pairs take about 60 KiB. */
const maximumBytes = 1024 * 1024;

export function toStoredScores(scores: PairScores): StoredScores {
  const stored = (value: number) => (value === Number.POSITIVE_INFINITY ? "Infinity" : value);
  return scores.map((pair) =>
    pair.map((score) => ({ ...score, psnr: stored(score.psnr), psnrFitted: stored(score.psnrFitted) })),
  );
}

export function fromStoredScores(scores: StoredScores): PairScores {
  return scores.map((pair) =>
    pair.map((score) => ({ ...score, psnr: Number(score.psnr), psnrFitted: Number(score.psnrFitted) })),
  );
}

export function encodeScores(scores: PairScores): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ schemaVersion: 1, scores: toStoredScores(scores) }));
}

/** Throws RECORD_TOO_NEW for what a newer release wrote, OBJECT_CORRUPT for what is no scores at all. */
export function decodeScores(key: string, bytes: Uint8Array): PairScores {
  let file: { schemaVersion?: unknown; scores?: StoredScores } | null;
  try {
    file = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw corrupt(key, "is no JSON", cause);
  }
  if (typeof file?.schemaVersion === "number" && file.schemaVersion > 1) {
    throw new PssrError(
      "RECORD_TOO_NEW",
      `${key} has schema version ${file.schemaVersion}, this release reads version 1: run a newer release`,
      { metadata: { key } },
    );
  }
  if (file?.schemaVersion !== 1 || !Array.isArray(file.scores)) throw corrupt(key, "holds no scores");
  return fromStoredScores(file.scores);
}

export async function readScores(objects: ObjectStore, key: string, options: Abortable): Promise<PairScores> {
  return decodeScores(key, await objects.getBytes(key, maximumBytes, options));
}

function corrupt(key: string, what: string, cause?: unknown): PssrError {
  return new PssrError("OBJECT_CORRUPT", `${key} ${what}; restore it from a backup, or evaluate again`, {
    metadata: { key },
    cause,
  });
}
