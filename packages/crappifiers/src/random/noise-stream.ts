/**
 * The random words of one step on one frame of one tile. Which words a pixel gets depends on its position and on the
 * key alone: not on the worker, the order of the tiles, the machine or what was drawn before.
 */
import { createHash } from "node:crypto";
import { type ThreefryKey, threefry, threefryKey } from "./threefry.js";

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

/** Words that one block of the generator gives. */
export const WORDS_PER_BLOCK = 4;

/** Turns a random word into a number strictly between 0 and 1. */
export function unit(word: number): number {
  return ((word >>> 0) + 0.5) * 2 ** -32;
}

export class NoiseStream {
  readonly #key: ThreefryKey;
  readonly #block = new Uint32Array(WORDS_PER_BLOCK);

  constructor(key: ThreefryKey) {
    this.#key = key;
  }

  /**
   * The stream of one step (`"detector/0"`) on one frame (its index, or `"parameters"` for what is drawn once a tile).
   * The key is 128 bits of the SHA-256 of all that identifies it, so no two streams meet.
   */
  static of(key: NoiseKey, step: string, frame: number | "parameters"): NoiseStream {
    const seed = BigInt.asUintN(64, key.seed).toString();
    const identity = ["noise 1", seed, typeof key.image, key.image.toString(), key.tile, key.epoch, step, frame];
    const digest = createHash("sha256").update(JSON.stringify(identity)).digest();
    const word = (index: number) => digest.readInt32LE(4 * index);
    return new NoiseStream(threefryKey(word(0), word(1), word(2), word(3)));
  }

  /** Words 4·firstBlock, 4·firstBlock + 1, … of lane 0, which every pixel has its share of; `out` holds whole blocks. */
  fill(out: Uint32Array, firstBlock: number): void {
    const key = this.#key;
    for (let at = 0, block = firstBlock; at < out.length; at += WORDS_PER_BLOCK, block++)
      threefry(out, at, block, 0, 0, 0, key);
  }

  /** Four further words for one pixel whose first sample was rejected. Lanes count from 1. Valid until the next call. */
  more(pixel: number, lane: number): Uint32Array {
    threefry(this.#block, 0, pixel, lane, 0, 0, this.#key);
    return this.#block;
  }
}
