/** A pair as parts of bounded size: whole where it fits into one, else some rows of one side in each. */
import type { PairPart } from "@pssr/api";
import { bytesPerPixel, type Dtype, type Levels } from "@pssr/imaging";
import { toLevels, toPixelBlock } from "../pixels/pixel-message.js";

/**
 * Pixels in one message at most: few enough, for gRPC's buffers count messages and not bytes, but a pair of 512² bytes, the
 * size most learn from, comes in one piece.
 */
export const maximumPartBytes = 512 * 1024;

/** A square tile's pixels as bytes, in C order. */
export interface TileBytes {
  side: number;
  bytes: Uint8Array;
}

export interface Pair {
  step: number;
  index: number;
  pairsInStep: number;
  /** Whether no other pair of this stream is of the same step. */
  isLastOfStep: boolean;
  dtype: Dtype;
  levels: Levels;
  low: TileBytes;
  high: TileBytes;
  /** To be called once, when the pixels were read: their memory is that of later pairs then. Without it nothing is lost. */
  release(): void;
}

export function* partsOf(pair: Pair): Iterable<PairPart> {
  const { step, index, pairsInStep, dtype, low, high } = pair;
  const head = { step: BigInt(step), index, pairsInStep, levels: toLevels(pair.levels) };
  if (low.bytes.length + high.bytes.length <= maximumPartBytes) {
    yield { ...head, low: block(low, 0, low.side, dtype), high: block(high, 0, high.side, dtype), last: true };
    return;
  }
  for (const rows of bands(low, dtype))
    yield { ...head, low: block(low, ...rows, dtype), high: undefined, last: false };
  for (const rows of bands(high, dtype)) {
    yield { ...head, low: undefined, high: block(high, ...rows, dtype), last: rows[1] === high.side };
  }
}

function* bands({ side }: TileBytes, dtype: Dtype): Iterable<[first: number, end: number]> {
  const rows = Math.max(1, Math.floor(maximumPartBytes / (side * bytesPerPixel[dtype])));
  for (let first = 0; first < side; first += rows) yield [first, Math.min(side, first + rows)];
}

function block({ side, bytes }: TileBytes, first: number, end: number, dtype: Dtype) {
  const rowBytes = side * bytesPerPixel[dtype];
  return toPixelBlock("yx", [end - first, side], [first, 0], dtype, bytes.subarray(first * rowBytes, end * rowBytes));
}
