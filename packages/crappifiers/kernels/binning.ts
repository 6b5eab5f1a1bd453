/** Pixels that a camera reads out together. */

/**
 * Each block of size × size pixels takes its mean: fewer at the right and lower edge, and where the first row is none of a
 * block's first ones.
 */
export function binPixels(values: usize, height: i32, width: i32, size: i32, firstRow: i32): void {
  let bottom = 0;
  for (let top = 0; top < height; top = bottom) {
    bottom = min(top + size - ((firstRow + top) % size), height);
    for (let left = 0; left < width; left += size) {
      const right = min(left + size, width);
      let sum: f64 = 0;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) sum += <f64>load<f32>(values + <usize>((y * width + x) << 2));
      }
      const mean = <f32>(sum / <f64>((bottom - top) * (right - left)));
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) store<f32>(values + <usize>((y * width + x) << 2), mean);
      }
    }
  }
}
