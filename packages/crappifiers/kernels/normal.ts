/**
 * Standard normal numbers by the ziggurat of G. Marsaglia and W. W. Tsang, J. Stat. Softw. 5(8), 2000, with 256 layers;
 * the layer and the signed position come from separate bits of the word, as J. A. Doornik (2005) asks. The position has
 * 24 bits.
 */
import { exp, log } from "./elementary";
import { moreWords } from "./threefry";
import { unit } from "./unit";

const LAYERS: i32 = 256;
/** Where the tail begins, and the area of each layer. */
const TAIL: f64 = 3.654152885361009;
const AREA: f64 = 0.004928673233974658;

/** Right edges of the layers, from the base (whose width stands for its rectangle and the tail) to the top. */
const edge: usize = memory.data(257 * 8, 8);
/** exp(−edge²/2). */
const height: usize = memory.data(257 * 8, 8);
/** The widths of the layers in steps of the position. */
const step: usize = memory.data(257 * 8, 8);

const tailHeight = exp(-0.5 * TAIL * TAIL);
put(edge, 0, AREA / tailHeight);
put(edge, 1, TAIL);
put(height, 1, tailHeight);
for (let layer = 1; layer < LAYERS - 1; layer++) {
  put(height, layer + 1, at(height, layer) + AREA / at(edge, layer));
  put(edge, layer + 1, sqrt<f64>(-2 * log(at(height, layer + 1))));
}
put(edge, LAYERS, 0);
put(height, LAYERS, 1);
for (let layer = 0; layer <= LAYERS; layer++) put(step, layer, at(edge, layer) * 1.1920928955078125e-7); // 2⁻²³

/** The number that a word gives at once … */
export function normalFast(word: i32): f64 {
  return (<f64>(word >> 8) + 0.5) * at(step, word & 0xff);
}

/** … which does not count in one case of seventy: then `normalFromWord` has it. */
export function normalIsRejected(word: i32, x: f64): bool {
  return abs<f64>(x) >= at(edge, (word & 0xff) + 1);
}

/** Standard normal number of one pixel, from its word of lane 0 and, where that is rejected, from further words. */
export function normalFromWord(first: i32, pixel: i32): f64 {
  let word = first;
  let lane = 1;
  while (true) {
    const layer = word & 0xff;
    const x = normalFast(word);
    if (!normalIsRejected(word, x)) return x;
    if (layer === 0) return x < 0 ? -tail(pixel, lane) : tail(pixel, lane);
    const more = moreWords(pixel, lane++);
    const y = at(height, layer) + unit(load<u32>(more)) * (at(height, layer + 1) - at(height, layer));
    if (y < exp(-0.5 * x * x)) return x;
    word = load<i32>(more, 4);
  }
}

/** A normal number beyond TAIL: G. Marsaglia's method (1964). */
function tail(pixel: i32, firstLane: i32): f64 {
  let lane = firstLane;
  while (true) {
    const more = moreWords(pixel, lane++);
    const x = -log(unit(load<u32>(more))) / TAIL;
    const y = -log(unit(load<u32>(more, 4)));
    if (2 * y > x * x) return TAIL + x;
  }
}

function at(table: usize, index: i32): f64 {
  return load<f64>(table + ((<usize>index) << 3));
}

function put(table: usize, index: i32, value: f64): void {
  store<f64>(table + ((<usize>index) << 3), value);
}
