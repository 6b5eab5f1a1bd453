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
  const firstLimit = <u64>firstBelow;
  const secondLimit = <u64>secondBelow;
  for (let start = 0; start < count; start += CHUNK) {
    const size = min(CHUNK, count - start);
    const words = pixelWords(buffer, start, size, 0);
    for (let n = 0; n < size; n++) {
      const word = <u64>load<u32>(words + <usize>(n << 2));
      const at = values + <usize>((start + n) << 2);
      if (word < firstLimit) store<f32>(at, first);
      else if (word < secondLimit) store<f32>(at, second);
    }
  }
}
