/** Pixels that a broken detector element or a discharge replaces. */
import { pixelWords } from "./threefry";

const CHUNK: i32 = 512;
const buffer: usize = memory.data((512 + 32) * 4, 16);

/**
 * A pixel becomes `first` where its word is below `firstBelow`, else `second` where it is below `secondBelow`, both
 * between 0 and 2³². Pixel n takes word n.
 */
export function replacePixels(
  values: usize,
  count: i32,
  firstBelow: f64,
  first: f32,
  secondBelow: f64,
  second: f32,
): void {
  for (let start = 0; start < count; start += CHUNK) {
    const size = min(CHUNK, count - start);
    const words = pixelWords(buffer, start, size, 0);
    const at = values + ((<usize>start) << 2);
    let n: usize = 0;
    for (; n + 4 <= <usize>size; n += 4) {
      const word = v128.load(words + (n << 2));
      const pixels = v128.bitselect(f32x4.splat(second), v128.load(at + (n << 2)), isBelow(word, secondBelow));
      v128.store(at + (n << 2), v128.bitselect(f32x4.splat(first), pixels, isBelow(word, firstBelow)));
    }
    for (; n < <usize>size; n++) {
      const word = <f64>load<u32>(words + (n << 2));
      if (word < firstBelow) store<f32>(at + (n << 2), first);
      else if (word < secondBelow) store<f32>(at + (n << 2), second);
    }
  }
}

/** Which words are below a number between 0 and 2³². */
function isBelow(words: v128, limit: f64): v128 {
  const any = i32x4.splat(limit > 0 ? -1 : 0);
  return v128.and(any, i32x4.le_u(words, i32x4.splat(<i32>(<u32>(ceil<f64>(limit) - 1)))));
}
