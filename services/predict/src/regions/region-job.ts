/** A region's message in the queue: which order, which region. And what its worker tells on the way. */
import { PssrError } from "@pssr/api";
import type { OrderKey } from "./region-board.js";

export const regionKind = "prediction.region";

export interface RegionJob extends OrderKey {
  readonly index: number;
}

export function regionJobId({ project, operation, attempt, index }: RegionJob): string {
  return `${project}.${operation}.${attempt}.${index}`;
}

export function encodeRegionJob(job: RegionJob): Uint8Array {
  const { project, operation, attempt, index } = job;
  return new TextEncoder().encode(JSON.stringify({ project, operation, attempt, index }));
}

/** Throws INTERNAL for what is no region's message. */
export function decodeRegionJob(payload: Uint8Array): RegionJob {
  const text = new TextDecoder().decode(payload);
  let job: Partial<RegionJob> | null;
  try {
    job = JSON.parse(text) as Partial<RegionJob> | null;
  } catch (cause) {
    throw new PssrError("INTERNAL", `no region's message: ${text.slice(0, 200)}`, { cause });
  }
  const { project, operation, attempt, index } = job ?? {};
  const sound = typeof project === "string" && typeof operation === "string" && isCount(attempt) && isCount(index);
  if (!sound) throw new PssrError("INTERNAL", `no region's message: ${text.slice(0, 200)}`);
  return { project, operation, attempt, index };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Under this prefix of the event bus each region of an order tells how many of its tiles are done. */
export function tilesPrefixOf({ project, operation, attempt }: OrderKey): string {
  return `region-tiles/${project}/${operation}/${attempt}/`;
}

export function encodeTiles(done: number): Uint8Array {
  return new TextEncoder().encode(String(done));
}

export function decodeTiles(data: Uint8Array): number {
  return Number(new TextDecoder().decode(data));
}
