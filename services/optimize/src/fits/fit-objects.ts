/**
 * What a fit leaves in the object store: a line of JSON that says what it is and of which version, then bytes. Looks, to go on
 * from; the result, the evaluations and the comparison as the contract's messages, which newer releases read.
 */
import { FitComparison, type FitEvaluation, FitResult, ListFitEvaluationsResponse, PssrError } from "@pssr/api";
import type { Abortable, ObjectStore } from "@pssr/platform";
import type { KeptLook, TakenLook } from "../fitting/fit-outcome.js";

const MiB = 2 ** 20;
/** What the largest fit leaves is far below. */
const mostBytes = { look: 64 * MiB, result: MiB, evaluations: 16 * MiB, comparison: 16 * MiB } as const;

export function lookKey(prefix: string, index: number): string {
  return `${looksPrefix(prefix)}${index}`;
}

/** Where an attempt keeps its looks, and nothing else. */
export function looksPrefix(prefix: string): string {
  return `${prefix}looks/`;
}

export const pictureKey = (prefix: string, ending: "png" | "svg"): string => `${prefix}report.${ending}`;

export async function putLook(objects: ObjectStore, prefix: string, look: KeptLook, options: Abortable): Promise<void> {
  const { statistics, ...taken } = look;
  await objects.put(lookKey(prefix, look.index), write("look", taken, statistics), options);
}

export async function readLook(
  objects: ObjectStore,
  prefix: string,
  index: number,
  options: Abortable,
): Promise<KeptLook> {
  const { about, bytes } = await read(objects, lookKey(prefix, index), "look", options);
  return { ...(about as TakenLook), statistics: bytes };
}

export async function putResult(objects: ObjectStore, prefix: string, result: FitResult, options: Abortable) {
  await objects.put(`${prefix}result`, write("result", {}, FitResult.encode(result).finish()), options);
}

export async function readResult(objects: ObjectStore, prefix: string, options: Abortable): Promise<FitResult> {
  return FitResult.decode((await read(objects, `${prefix}result`, "result", options)).bytes);
}

export async function putEvaluations(
  objects: ObjectStore,
  prefix: string,
  evaluations: FitEvaluation[],
  options: Abortable,
): Promise<void> {
  const bytes = ListFitEvaluationsResponse.encode({ evaluations, nextPageToken: "" }).finish();
  await objects.put(`${prefix}evaluations`, write("evaluations", {}, bytes), options);
}

export async function readEvaluations(
  objects: ObjectStore,
  prefix: string,
  options: Abortable,
): Promise<FitEvaluation[]> {
  const { bytes } = await read(objects, `${prefix}evaluations`, "evaluations", options);
  return ListFitEvaluationsResponse.decode(bytes).evaluations;
}

export async function putComparison(
  objects: ObjectStore,
  prefix: string,
  comparison: FitComparison,
  options: Abortable,
): Promise<void> {
  const bytes = FitComparison.encode(comparison).finish();
  await objects.put(`${prefix}comparison`, write("comparison", {}, bytes), options);
}

export async function readComparison(objects: ObjectStore, prefix: string, options: Abortable): Promise<FitComparison> {
  return FitComparison.decode((await read(objects, `${prefix}comparison`, "comparison", options)).bytes);
}

type Kind = keyof typeof mostBytes;

function write(kind: Kind, about: object, bytes: Uint8Array): Uint8Array {
  const header = new TextEncoder().encode(`${JSON.stringify({ schemaVersion: 1, kind, about })}\n`);
  const whole = new Uint8Array(header.length + bytes.length);
  whole.set(header);
  whole.set(bytes, header.length);
  return whole;
}

async function read(objects: ObjectStore, key: string, kind: Kind, options: Abortable) {
  const whole = await objects.getBytes(key, mostBytes[kind], options);
  return readBack(key, kind, whole);
}

/** Throws RECORD_TOO_NEW for what a newer release wrote, OBJECT_CORRUPT for what is nothing of ours. */
export function readBack(key: string, kind: Kind, whole: Uint8Array): { about: unknown; bytes: Uint8Array } {
  const end = whole.indexOf(10);
  let header: { schemaVersion?: unknown; kind?: unknown; about?: unknown } | null;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(whole.subarray(0, Math.max(0, end))));
  } catch (cause) {
    throw corrupt(key, cause);
  }
  const version = header?.schemaVersion;
  if (typeof version === "number" && version > 1) {
    const message = `the object ${key} has schema version ${version}, this release reads version 1: run a newer release`;
    throw new PssrError("RECORD_TOO_NEW", message);
  }
  if (version !== 1 || header?.kind !== kind) throw corrupt(key);
  return { about: header.about, bytes: whole.slice(end + 1) };
}

function corrupt(key: string, cause?: unknown): PssrError {
  const message = `the object ${key} is not what a fit wrote; fit again, or restore a backup`;
  return new PssrError("OBJECT_CORRUPT", message, { cause });
}
