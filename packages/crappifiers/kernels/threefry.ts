/**
 * Threefry 4x32-13, a counter-based generator of J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC'11 (2011), section 4.2: four words are a pure function of a counter of four words and
 * a key of four. Nothing is remembered between blocks, so any pixel's number can be had alone, in any order. It needs
 * only additions, rotations and exclusive-ors, and so blocks side by side in vectors; Philox, the other generator
 * of that paper, multiplies 32-bit words to 64 bits. Twelve rounds pass all of TestU01's BigCrush (table 2 there); thirteen are
 * the fewest that Random123 publishes known answers of.
 */

/** The constant of the key schedule's fifth word (C240 of Skein's Threefish, its lower 32 bits). */
const PARITY: i32 = 0x1bd11bda;
const BLOCKS_A_VECTOR: i32 = 4;
/** Blocks that are made together: two vectors of them, as the processor works on one while the other waits for itself. */
const BLOCKS_TOGETHER: i32 = 8;
const WORDS_PER_BLOCK: i32 = 4;

let k0: i32 = 0;
let k1: i32 = 0;
let k2: i32 = 0;
let k3: i32 = 0;
let k4: i32 = PARITY;

/** The number of the first pixel of what kernels work on: they may work on a part of a plane, which may have 2³² and more. */
let firstPixel: u64 = 0;

/** All words from now on are those of this key, and of pixels from `first` on. */
export function useKey(word0: i32, word1: i32, word2: i32, word3: i32, first: f64): void {
  firstPixel = <u64>first;
  k0 = word0;
  k1 = word1;
  k2 = word2;
  k3 = word3;
  k4 = PARITY ^ word0 ^ word1 ^ word2 ^ word3;
}

/**
 * Makes the words of pixels, one each, and returns where they lie in the buffer, which has room for 32 more.
 *
 * @param start The first pixel, counted from the first of what the kernel works on.
 * @param series Words of different series have nothing to do with each other.
 */
export function pixelWords(buffer: usize, start: i32, pixels: i32, series: i32): usize {
  const pixel = firstPixel + start;
  const skipped = <i32>(pixel % WORDS_PER_BLOCK);
  const block = pixel / WORDS_PER_BLOCK;
  const blocks = (skipped + pixels + WORDS_PER_BLOCK - 1) / WORDS_PER_BLOCK;
  // The counter's first word counts 2³² blocks, its last one goes on.
  const beforeOverflow = <i32>min<u64>(blocks, 0x100000000 - (block & 0xffffffff));
  fillBlocks(buffer, beforeOverflow, <i32>block, 0, series, <i32>(block >> 32));
  if (beforeOverflow < blocks) {
    fillBlocks(buffer + <usize>(beforeOverflow << 4), blocks - beforeOverflow, 0, 0, series, <i32>(block >> 32) + 1);
  }
  return buffer + <usize>(skipped << 2);
}

/**
 * Writes the words of the blocks with the counters (c0, c1, c2, c3), (c0 + 1, c1, c2, c3) … one after the other. `blocks`
 * is rounded up to a multiple of eight: `out` needs that room.
 */
export function fillBlocks(out: usize, blocks: i32, c0: i32, c1: i32, c2: i32, c3: i32): void {
  const key0 = i32x4.splat(k0);
  const key1 = i32x4.splat(k1);
  const key2 = i32x4.splat(k2);
  const key3 = i32x4.splat(k3);
  const key4 = i32x4.splat(k4);
  let counter = i32x4.add(i32x4.splat(c0), i32x4(0, 1, 2, 3));
  const end = out + <usize>(((blocks + BLOCKS_TOGETHER - 1) & -BLOCKS_TOGETHER) * 16);
  for (; out < end; out += 128) {
    let x0 = i32x4.add(counter, key0);
    let x1 = i32x4.splat(c1 + k1);
    let x2 = i32x4.splat(c2 + k2);
    let x3 = i32x4.splat(c3 + k3);
    let y0 = i32x4.add(x0, i32x4.splat(BLOCKS_A_VECTOR));
    let y1 = x1;
    let y2 = x2;
    let y3 = x3;
    counter = i32x4.add(counter, i32x4.splat(BLOCKS_TOGETHER));
    // Thirteen rounds: the rotations repeat after eight; after every fourth the key comes in, each time one word on.
    let a = key0;
    let b = key1;
    let c = key2;
    let d = key3;
    let e = key4;
    for (let injection = 1; ; injection += 2) {
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x2 = i32x4.add(x2, x3);
      y2 = i32x4.add(y2, y3);
      x1 = v128.xor(rotate(x1, 10), x0);
      y1 = v128.xor(rotate(y1, 10), y0);
      x3 = v128.xor(rotate(x3, 26), x2);
      y3 = v128.xor(rotate(y3, 26), y2);
      x0 = i32x4.add(x0, x3);
      y0 = i32x4.add(y0, y3);
      x2 = i32x4.add(x2, x1);
      y2 = i32x4.add(y2, y1);
      x3 = v128.xor(rotate(x3, 11), x0);
      y3 = v128.xor(rotate(y3, 11), y0);
      x1 = v128.xor(rotate(x1, 21), x2);
      y1 = v128.xor(rotate(y1, 21), y2);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x2 = i32x4.add(x2, x3);
      y2 = i32x4.add(y2, y3);
      x1 = v128.xor(rotate(x1, 13), x0);
      y1 = v128.xor(rotate(y1, 13), y0);
      x3 = v128.xor(rotate(x3, 27), x2);
      y3 = v128.xor(rotate(y3, 27), y2);
      x0 = i32x4.add(x0, x3);
      y0 = i32x4.add(y0, y3);
      x2 = i32x4.add(x2, x1);
      y2 = i32x4.add(y2, y1);
      x3 = v128.xor(rotate(x3, 23), x0);
      y3 = v128.xor(rotate(y3, 23), y0);
      x1 = v128.xor(rotate(x1, 5), x2);
      y1 = v128.xor(rotate(y1, 5), y2);
      x0 = i32x4.add(x0, b);
      y0 = i32x4.add(y0, b);
      x1 = i32x4.add(x1, c);
      y1 = i32x4.add(y1, c);
      x2 = i32x4.add(x2, d);
      y2 = i32x4.add(y2, d);
      x3 = i32x4.add(x3, i32x4.add(e, i32x4.splat(injection)));
      y3 = i32x4.add(y3, i32x4.add(e, i32x4.splat(injection)));
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x2 = i32x4.add(x2, x3);
      y2 = i32x4.add(y2, y3);
      x1 = v128.xor(rotate(x1, 6), x0);
      y1 = v128.xor(rotate(y1, 6), y0);
      x3 = v128.xor(rotate(x3, 20), x2);
      y3 = v128.xor(rotate(y3, 20), y2);
      // The thirteenth is the last.
      if (injection === 3) break;
      x0 = i32x4.add(x0, x3);
      y0 = i32x4.add(y0, y3);
      x2 = i32x4.add(x2, x1);
      y2 = i32x4.add(y2, y1);
      x3 = v128.xor(rotate(x3, 17), x0);
      y3 = v128.xor(rotate(y3, 17), y0);
      x1 = v128.xor(rotate(x1, 11), x2);
      y1 = v128.xor(rotate(y1, 11), y2);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x2 = i32x4.add(x2, x3);
      y2 = i32x4.add(y2, y3);
      x1 = v128.xor(rotate(x1, 25), x0);
      y1 = v128.xor(rotate(y1, 25), y0);
      x3 = v128.xor(rotate(x3, 10), x2);
      y3 = v128.xor(rotate(y3, 10), y2);
      x0 = i32x4.add(x0, x3);
      y0 = i32x4.add(y0, y3);
      x2 = i32x4.add(x2, x1);
      y2 = i32x4.add(y2, y1);
      x3 = v128.xor(rotate(x3, 18), x0);
      y3 = v128.xor(rotate(y3, 18), y0);
      x1 = v128.xor(rotate(x1, 20), x2);
      y1 = v128.xor(rotate(y1, 20), y2);
      x0 = i32x4.add(x0, c);
      y0 = i32x4.add(y0, c);
      x1 = i32x4.add(x1, d);
      y1 = i32x4.add(y1, d);
      x2 = i32x4.add(x2, e);
      y2 = i32x4.add(y2, e);
      x3 = i32x4.add(x3, i32x4.add(a, i32x4.splat(injection + 1)));
      y3 = i32x4.add(y3, i32x4.add(a, i32x4.splat(injection + 1)));
      const first = a;
      const second = b;
      a = c;
      b = d;
      c = e;
      d = first;
      e = second;
    }
    storeBlocks(out, x0, x1, x2, x3);
    storeBlocks(out + 64, y0, y1, y2, y3);
  }
}

/** Each vector holds one word of four blocks; in memory the words of a block stand together. */
function storeBlocks(out: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
  const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
  const high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(out, v128.shuffle<i64>(low01, low23, 1, 3), 16);
  v128.store(out, v128.shuffle<i64>(high01, high23, 0, 2), 32);
  v128.store(out, v128.shuffle<i64>(high01, high23, 1, 3), 48);
}

const more: usize = memory.data(128, 16);

/** Where the four further words of a pixel lie whose first sample was rejected. Lanes count from 1. Valid until the next call. */
export function moreWords(pixel: i32, lane: i32): usize {
  const number = firstPixel + pixel;
  fillBlocks(more, 1, <i32>number, lane, 0, <i32>(number >> 32));
  return more;
}

function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}
