/** A region's message in the queue: which order, which region. And what its worker tells on the way. */
import { PssrError } from "@pssr/api";
import type { OrderKey } from "./region-board.js";

export const regionKind = "prediction.region";

export interface RegionJob extends OrderKey {
  readonly index: number;
}

export function regionJobId({ project, operation, index }: RegionJob): string {
  return `${project}.${operation}.${index}`;
}

export function encodeRegionJob(job: RegionJob): Uint8Array {
  const { project, operation, index } = job;
  return new TextEncoder().encode(JSON.stringify({ project, operation, index }));
}

export function decodeRegionJob(payload: Uint8Array): RegionJob {
  const job = JSON.parse(new TextDecoder().decode(payload)) as RegionJob;
  if (typeof job.project !== "string" || typeof job.operation !== "string" || !Number.isInteger(job.index)) {
    throw new PssrError("INTERNAL", "a message in the queue of regions is none of ours");
  }
  return job;
}

export const tilesPrefix = "region-tiles/";

/** Under this prefix of the event bus each region of an operation tells how many of its tiles are done. */
export function tilesPrefixOf({ project, operation }: OrderKey): string {
  return `${tilesPrefix}${project}/${operation}/`;
}

export function encodeTiles(done: number): Uint8Array {
  return new TextEncoder().encode(String(done));
}

export function decodeTiles(data: Uint8Array): number {
  return Number(new TextDecoder().decode(data));
}
