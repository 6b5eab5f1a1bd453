/**
 * The random words of one step on one frame of one tile. Which words a pixel gets depends on its position and on the
 * key alone: not on the worker, the order of the tiles, the machine or what was drawn before.
 */
import { createHash } from "node:crypto";
import { kernels } from "../kernels.js";

/**
 * Raised whenever a release gives other pixels for the same crappifier, image and key, counted from the first release: what one has
 * half made another cannot end.
 */
export const pixelVersion = 1;

/** What the noise of a tile is a function of. */
export interface NoiseKey {
  /** The caller's seed, taken modulo 2⁶⁴. */
  seed: bigint;
  /** The image: a number, or its digest as text. */
  image: bigint | string;
  /** Index of the tile within the image's dataset: a whole number, 0 or more. */
  tile: number;
  /** Pass over the data, a whole number, 0 or more: the same tile meets other noise in another epoch. */
  epoch: number;
}

/**
 * Kernels that run from now on draw the noise of one step (`"detector/0"`) on one frame (its index, or `"parameters"` for
 * what is drawn once a tile). The generator's key is 128 bits of the SHA-256 of all that identifies it, so no two streams
 * meet.
 *
 * @param first Number of the first pixel, or row, that kernels draw for.
 */
export function useNoise(key: NoiseKey, step: string, frame: number | "parameters", first = 0): void {
  const digest = digestOf(key, step, frame);
  const word = (index: number) => digest.readInt32LE(4 * index);
  kernels.useKey(word(0), word(1), word(2), word(3), first);
}

/** A seed of 64 bits for a step that does not draw from our generator. */
export function noiseSeed(key: NoiseKey, step: string, frame: number): bigint {
  return digestOf(key, step, frame).readBigUInt64LE();
}

function digestOf(key: NoiseKey, step: string, frame: number | "parameters"): Buffer {
  const seed = BigInt.asUintN(64, key.seed).toString();
  const identity = [
    `noise ${pixelVersion}`,
    seed,
    typeof key.image,
    key.image.toString(),
    key.tile,
    key.epoch,
    step,
    frame,
  ];
  return createHash("sha256").update(JSON.stringify(identity)).digest();
}
