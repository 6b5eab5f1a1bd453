/** By what pixels go into bins of intensity whose own noise must not say into which. */

/** Pixels on each side. */
const AROUND = 2;

/** The mean of a square without its middle; at the edges of what there is of it. */
export function meansAround(values: ArrayLike<number>, height: number, width: number): Float32Array {
  const rows = new Float32Array(height * width);
  const from = (at: number) => Math.max(at - AROUND, 0);
  const end = (at: number, size: number) => Math.min(at + AROUND + 1, size);
  for (let y = 0, n = 0; y < height; y++) {
    for (let x = 0; x < width; x++, n++) {
      for (let i = from(x); i < end(x, width); i++) rows[n]! += values[y * width + i]!;
    }
  }
  const means = new Float32Array(height * width);
  for (let y = 0, n = 0; y < height; y++) {
    const down = end(y, height) - from(y);
    for (let x = 0; x < width; x++, n++) {
      let sum = -values[n]!;
      for (let i = from(y); i < end(y, height); i++) sum += rows[i * width + x]!;
      means[n] = sum / (down * (end(x, width) - from(x)) - 1);
    }
  }
  return means;
}
