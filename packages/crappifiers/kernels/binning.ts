/** Pixels that a camera reads out together. */

/** Each block of size × size pixels, fewer at the right and lower edge, takes its mean. */
export function binPixels(values: usize, height: i32, width: i32, size: i32): void {
  for (let top = 0; top < height; top += size) {
    const bottom = min(top + size, height);
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
