/** TIFF's LZW (TIFF 6.0, section 13): codes of 9 to 12 bits, most significant bit first, widened one code early. */
import { corrupt } from "./read-directories.js";

const clear = 256;
const end = 257;

/** Decodes at most `length` bytes; stops there, at the end code, or where the input ends. */
export function decodeLzw(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  // Entry c ≥ 258 is the string that begins at output position starts[c] and is sizes[c] bytes long.
  const starts = new Uint32Array(4096);
  const sizes = new Uint32Array(4096);
  let [bits, bitCount, at, written] = [0, 0, 0, 0];
  let [next, width, previousStart, previousSize] = [258, 9, 0, 0];
  while (written < length) {
    while (bitCount < width && at < input.length) {
      bits = ((bits << 8) | input[at++]!) & 0xffffff;
      bitCount += 8;
    }
    if (bitCount < width) break;
    bitCount -= width;
    const code = (bits >> bitCount) & ((1 << width) - 1);
    if (code === end) break;
    if (code === clear) {
      [next, width, previousSize] = [258, 9, 0];
      continue;
    }
    const start = written;
    if (code < 256) output[written++] = code;
    else if (code < next) written = copy(output, starts[code]!, sizes[code]!, written);
    else if (code === next && previousSize > 0) {
      written = copy(output, previousStart, previousSize, written);
      if (written < length) output[written++] = output[previousStart]!;
    } else throw corrupt("its LZW data hold an impossible code");
    if (previousSize > 0 && next < 4096) {
      // The previous string and the first byte of this one lie side by side in the output.
      starts[next] = previousStart;
      sizes[next] = previousSize + 1;
      next++;
      if (next >= (1 << width) - 1 && width < 12) width++;
    }
    previousStart = start;
    previousSize = written - start;
  }
  return output.subarray(0, written);
}

function copy(output: Uint8Array, from: number, size: number, to: number): number {
  const stop = Math.min(output.length, to + size);
  while (to < stop) output[to++] = output[from++]!;
  return to;
}
