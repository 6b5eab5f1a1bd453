/** What happens to the rows of a plane, one after the other as a scan writes them. */

/** Adds to each row its own number (float64). */
export function addToRows(values: usize, height: i32, width: i32, numbers: usize): void {
  for (let row = 0; row < height; row++) {
    const number = load<f64>(numbers + <usize>(row << 3));
    const first = values + <usize>((row * width) << 2);
    const end = first + <usize>(width << 2);
    for (let at = first; at < end; at += 4) store<f32>(at, <f32>(<f64>load<f32>(at) + number));
  }
}

/**
 * Writes to `out` what each row sees that is displaced by (down, right) pixels, its own pair of float64: bilinear between
 * pixels; beyond the frame's edge the edge's pixels go on. The plane's first row is number `firstRow` of `frameHeight`; places are
 * those in the frame, so that they come out equal in whatever band a row is.
 */
export function displaceRows(
  out: usize,
  values: usize,
  height: i32,
  width: i32,
  down: usize,
  right: usize,
  firstRow: i32,
  frameHeight: i32,
): void {
  for (let row = 0; row < height; row++) {
    const y = held(<f64>(firstRow + row) + load<f64>(down + <usize>(row << 3)), frameHeight);
    const shift = load<f64>(right + <usize>(row << 3));
    const above = floor<f64>(y);
    const lowerShare = y - above;
    // Rows that a band's own ones do not need may look beyond it.
    const upper = min(max(<i32>above - firstRow, 0), height - 1);
    const lower = min(upper + 1, height - 1);
    const upperRow = values + <usize>((upper * width) << 2);
    const lowerRow = values + <usize>((lower * width) << 2);
    for (let column = 0; column < width; column++) {
      const x = held(<f64>column + shift, width);
      const left = <i32>floor<f64>(x);
      const rightShare = x - <f64>left;
      const leftAt = <usize>(left << 2);
      const rightAt = <usize>(min(left + 1, width - 1) << 2);
      const upperValue = between(load<f32>(upperRow + leftAt), load<f32>(upperRow + rightAt), rightShare);
      const lowerValue = between(load<f32>(lowerRow + leftAt), load<f32>(lowerRow + rightAt), rightShare);
      store<f32>(out, <f32>between(upperValue, lowerValue, lowerShare));
      out += 4;
    }
  }
}

/** A place held within 0 and the last pixel. */
function held(place: f64, size: i32): f64 {
  return min<f64>(max<f64>(place, 0), <f64>(size - 1));
}

function between(first: f64, second: f64, share: f64): f64 {
  // Without a share the second does not count even where it is no number.
  return share === 0 ? first : first + share * (second - first);
}
