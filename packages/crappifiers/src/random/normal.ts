/**
 * Standard normal numbers by the ziggurat of G. Marsaglia and W. W. Tsang, J. Stat. Softw. 5(8), 2000, with 256 layers;
 * the layer and the signed position
 * come from separate bits of the word, as J. A. Doornik (2005) asks. The position has 24 bits.
 */
import { exp, log } from "./elementary.js";
import { type NoiseStream, unit } from "./noise-stream.js";

const LAYERS = 256;
/** Where the tail begins, and the area of each layer. */
const TAIL = 3.654152885361009;
const AREA = 0.004928673233974658;

/** Right edges of the layers, from the base (whose width stands for its rectangle and the tail) to the top. */
const edge = new Float64Array(LAYERS + 1);
/** exp(−edge²/2). */
const height = new Float64Array(LAYERS + 1);

edge[0] = AREA / exp(-0.5 * TAIL * TAIL);
edge[1] = TAIL;
height[1] = exp(-0.5 * TAIL * TAIL);
for (let layer = 1; layer < LAYERS - 1; layer++) {
  height[layer + 1] = height[layer]! + AREA / edge[layer]!;
  edge[layer + 1] = Math.sqrt(-2 * log(height[layer + 1]!));
}
edge[LAYERS] = 0;
height[LAYERS] = 1;

/** The widths of the layers in steps of the position. */
const step = edge.map((right) => right * 2 ** -23);

/** Standard normal number of one pixel, from its word of lane 0; `stream` gives more words in one case of seventy. */
export function normalFromWord(word: number, stream: NoiseStream, pixel: number): number {
  const layer = word & 0xff;
  const x = ((word >> 8) + 0.5) * step[layer]!;
  if (Math.abs(x) < edge[layer + 1]!) return x;
  return edgeCase(word, stream, pixel);
}

/** Wedges of the layers, the tail, and what follows a rejection. */
function edgeCase(first: number, stream: NoiseStream, pixel: number): number {
  let word = first;
  for (let lane = 1; ; lane++) {
    const layer = word & 0xff;
    const x = ((word >> 8) + 0.5) * step[layer]!;
    if (Math.abs(x) < edge[layer + 1]!) return x;
    const more = stream.more(pixel, lane);
    if (layer === 0) return x < 0 ? -tail(more, stream, pixel, lane) : tail(more, stream, pixel, lane);
    const y = height[layer]! + unit(more[0]!) * (height[layer + 1]! - height[layer]!);
    if (y < exp(-0.5 * x * x)) return x;
    word = more[1]!;
  }
}

/** A normal number beyond TAIL: G. Marsaglia's method (1964). */
function tail(words: Uint32Array, stream: NoiseStream, pixel: number, lane: number): number {
  let more = words;
  for (let next = lane + 1; ; next++) {
    const x = -log(unit(more[0]!)) / TAIL;
    const y = -log(unit(more[1]!));
    if (2 * y > x * x) return TAIL + x;
    more = stream.more(pixel, next);
  }
}
