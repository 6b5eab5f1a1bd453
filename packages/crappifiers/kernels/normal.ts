/**
 * Standard normal numbers by the ziggurat of G. Marsaglia and W. W. Tsang, J. Stat. Softw. 5(8), 2000, with 256 layers;
 * the layer and the signed position come from separate bits of the word, as J. A. Doornik (2005) asks. The position has
 * 23 bits, which float32 keeps; only where a number is rejected does more precision matter.
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
/** Of each layer: its width in steps of the position, and the right edge of the next one, both float32. */
const layers: usize = memory.data(256 * 8, 16);

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
for (let layer = 0; layer < LAYERS; layer++) {
  store<f32>(layers + <usize>(layer << 3), <f32>(at(edge, layer) * 2.384185791015625e-7)); // 2⁻²²
  store<f32>(layers + <usize>(layer << 3), <f32>at(edge, layer + 1), 4);
}

/** Pixels whose first number is rejected, one of seventy. */
const rejected: usize = memory.data(512 * 4, 16);

/**
 * Writes standard normal numbers (float32) of at most 512 pixels from their words, which have room for a whole vector, as has
 * `out`.
 *
 * @param start The first pixel, as `moreWords` counts.
 */
export function fillNormals(out: usize, words: usize, start: i32, size: i32): void {
  let list = rejected;
  for (let n = 0; n < size; n += 4) {
    const at = words + <usize>(n << 2);
    // A word's first byte in memory is its lowest: the layer.
    const pair01 = v128.load64_lane(
      layers + <usize>((<u32>load<u8>(at, 4)) << 3),
      v128.load64_zero(layers + <usize>((<u32>load<u8>(at)) << 3)),
      1,
    );
    const pair23 = v128.load64_lane(
      layers + <usize>((<u32>load<u8>(at, 12)) << 3),
      v128.load64_zero(layers + <usize>((<u32>load<u8>(at, 8)) << 3)),
      1,
    );
    const steps = v128.shuffle<i32>(pair01, pair23, 0, 2, 4, 6);
    const edges = v128.shuffle<i32>(pair01, pair23, 1, 3, 5, 7);
    const position = f32x4.add(f32x4.convert_i32x4_s(i32x4.shr_s(v128.load(at), 9)), f32x4.splat(0.5));
    const numbers = f32x4.mul(position, steps);
    v128.store(out + <usize>(n << 2), numbers);
    const beyond = f32x4.ge(f32x4.abs(numbers), edges);
    if (v128.any_true(beyond)) {
      for (let mask = i32x4.bitmask(beyond); mask !== 0; mask &= mask - 1) {
        store<i32>(list, n + ctz(mask));
        list += 4;
      }
    }
  }
  // One by one and not in the loop above, whose numbers would have to be put aside for the calls that this takes.
  for (let entry = rejected; entry < list; entry += 4) {
    const n = load<i32>(entry);
    if (n < size) store<f32>(out + <usize>(n << 2), <f32>normalFromWord(load<i32>(words + <usize>(n << 2)), start + n));
  }
}

/** Standard normal number of one pixel, from its word of lane 0 and, where that is rejected, from further words. */
export function normalFromWord(first: i32, pixel: i32): f64 {
  let word = first;
  let lane = 1;
  while (true) {
    const layer = word & 0xff;
    const position = <f32>(word >> 9) + 0.5;
    const number = position * load<f32>(layers + <usize>(layer << 3));
    if (abs<f32>(number) < load<f32>(layers + <usize>(layer << 3), 4)) return number;
    const x = <f64>number;
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
