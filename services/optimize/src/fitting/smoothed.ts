/** A plane without its fine structure and most of its noise. */

/** Standard deviation of the Gaussian in pixels. */
const DEVIATION = 2;
const REACH = 6;

const weights = Float64Array.from({ length: 2 * REACH + 1 }, (_, n) => Math.exp(-0.5 * ((n - REACH) / DEVIATION) ** 2));
const total = weights.reduce((sum, weight) => sum + weight, 0);

/** Beyond the edges the outermost pixels go on. */
export function smoothed(values: Float32Array, height: number, width: number): Float32Array {
  const rows = new Float32Array(values.length);
  const held = (at: number, size: number) => Math.min(Math.max(at, 0), size - 1);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let n = -REACH; n <= REACH; n++) sum += weights[n + REACH]! * values[y * width + held(x + n, width)]!;
      rows[y * width + x] = sum / total;
    }
  }
  const smooth = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    for (let n = -REACH; n <= REACH; n++) {
      const from = held(y + n, height) * width;
      const weight = weights[n + REACH]! / total;
      for (let x = 0; x < width; x++) smooth[y * width + x]! += weight * rows[from + x]!;
    }
  }
  return smooth;
}
