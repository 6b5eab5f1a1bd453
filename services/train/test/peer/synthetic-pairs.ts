/** Pairs that the step and the index alone decide: stripes in all directions, averaged to a quarter of their size, and noisy. */
import { DataType, type PairPart, type PixelBlock } from "@pssr/api";

export const tileSize = 32;
const scale = 4;
const side = tileSize / scale;
const levels = { black: 10, white: 240, source: 2 };

/** One pair as three messages: the high-resolution side comes in two bands. */
export function* pairParts(step: number, index: number, pairsInStep: number, motif = step): Generator<PairPart> {
  const high = stripes(motif, index);
  const low = averaged(high, motif * 31 + index);
  const head = { step: BigInt(step), index, pairsInStep, levels };
  const half = (tileSize / 2) * tileSize;
  yield { ...head, low: block(low, side, 0), high: undefined, last: false };
  yield { ...head, low: undefined, high: block(high.subarray(0, half), tileSize, 0), last: false };
  yield { ...head, low: undefined, high: block(high.subarray(half), tileSize, tileSize / 2), last: true };
}

/** A pair whose pixels are no numbers, as a broken detector would give them. */
export function* brokenPairParts(step: number, index: number, pairsInStep: number): Generator<PairPart> {
  for (const part of pairParts(step, index, pairsInStep)) {
    yield { ...part, low: part.low && withoutNumbers(part.low), high: part.high && withoutNumbers(part.high) };
  }
}

function withoutNumbers(pixels: PixelBlock): PixelBlock {
  const values = new Float32Array(pixels.data.length).fill(Number.NaN);
  return { ...pixels, dataType: DataType.DATA_TYPE_FLOAT32, data: new Uint8Array(values.buffer) };
}

function stripes(step: number, index: number): Uint8Array {
  const angle = step * 1.7 + index * 0.9;
  return Uint8Array.from({ length: tileSize * tileSize }, (_, i) => {
    const [y, x] = [Math.floor(i / tileSize), i % tileSize];
    return 125 + 90 * Math.sin(0.5 * (x * Math.cos(angle) + y * Math.sin(angle)));
  });
}

function averaged(high: Uint8Array, seed: number): Uint8Array {
  return Uint8Array.from({ length: side * side }, (_, i) => {
    const [y, x] = [Math.floor(i / side) * scale, (i % side) * scale];
    let sum = 0;
    for (let row = 0; row < scale; row++) {
      for (let column = 0; column < scale; column++) sum += high[(y + row) * tileSize + x + column]!;
    }
    const noise = ((i * 7919 + seed * 104729) % 41) - 20;
    return Math.max(0, sum / scale ** 2 + noise);
  });
}

function block(data: Uint8Array, width: number, firstRow: number): PixelBlock {
  const shape = [BigInt(data.length / width), BigInt(width)];
  return { axes: "yx", shape, dataType: DataType.DATA_TYPE_UINT8, data, origin: [BigInt(firstRow), 0n] };
}
