/** Lays a square plane in one of its eight orientations: see src/pixels/orientation.ts. */
const SWAP: i32 = 4;
const MIRROR_ROWS: i32 = 2;
const MIRROR_COLUMNS: i32 = 1;

/** `out` and `input` must not overlap; `scratch` has room for a square of 16 vectors twice. */
export function orientBytes(out: usize, input: usize, side: i32, orientation: i32, scratch: usize): void {
  orient<u8>(out, input, side, orientation, scratch);
}

export function orientShorts(out: usize, input: usize, side: i32, orientation: i32, scratch: usize): void {
  orient<u16>(out, input, side, orientation, scratch);
}

export function orientFloats(out: usize, input: usize, side: i32, orientation: i32, scratch: usize): void {
  orient<u32>(out, input, side, orientation, scratch);
}

function orient<T>(out: usize, input: usize, side: i32, orientation: i32, scratch: usize): void {
  if ((orientation & SWAP) !== 0) transpose<T>(out, input, side, orientation, scratch);
  else mirror<T>(out, input, side, orientation);
}

function mirror<T>(out: usize, input: usize, side: i32, orientation: i32): void {
  const rowBytes = <usize>side * sizeof<T>();
  for (let row = 0; row < side; row++) {
    const from = input + <usize>row * rowBytes;
    const to = out + <usize>placed(row, side, orientation & MIRROR_ROWS) * rowBytes;
    if ((orientation & MIRROR_COLUMNS) !== 0) copyBackwards<T>(to, from, side);
    else memory.copy(to, from, rowBytes);
  }
}

function copyBackwards<T>(to: usize, from: usize, count: i32): void {
  let end = to + <usize>count * sizeof<T>();
  let left = count;
  for (; left >= lanes<T>(); left -= lanes<T>()) {
    end -= 16;
    v128.store(end, backwards<T>(v128.load(from)));
    from += 16;
  }
  for (; left > 0; left--) {
    end -= sizeof<T>();
    store<T>(end, load<T>(from));
    from += sizeof<T>();
  }
}

function transpose<T>(out: usize, input: usize, side: i32, orientation: i32, scratch: usize): void {
  const rowBytes = <usize>side * sizeof<T>();
  const mirrorRows = orientation & MIRROR_ROWS;
  const mirrorColumns = orientation & MIRROR_COLUMNS;
  const whole = side - (side % lanes<T>());
  for (let row = 0; row < whole; row += lanes<T>()) {
    const left = mirrorColumns !== 0 ? side - row - lanes<T>() : row;
    for (let column = 0; column < whole; column += lanes<T>()) {
      const turned = turnedSquare<T>(input + <usize>row * rowBytes + <usize>column * sizeof<T>(), rowBytes, scratch);
      for (let n = 0; n < lanes<T>(); n++) {
        const vector = v128.load(turned + <usize>(n << 4));
        const to = out + <usize>placed(column + n, side, mirrorRows) * rowBytes + <usize>left * sizeof<T>();
        v128.store(to, mirrorColumns !== 0 ? backwards<T>(vector) : vector);
      }
    }
  }
  // What does not fill a square: at the right of each row, and the last rows.
  for (let row = 0; row < side; row++) {
    const from = input + <usize>row * rowBytes;
    const to = out + <usize>placed(row, side, mirrorColumns) * sizeof<T>();
    for (let column = row < whole ? whole : 0; column < side; column++) {
      const pixel = load<T>(from + <usize>column * sizeof<T>());
      store<T>(to + <usize>placed(column, side, mirrorRows) * rowBytes, pixel);
    }
  }
}

/**
 * Where the columns of a square of as many pixels as a vector has lanes lie one after the other. Each stage lays the first half
 * of the rows between the second half, pixel by pixel, which turns the bits of a pixel's place by one: after half of them row
 * and column have changed places.
 */
function turnedSquare<T>(input: usize, rowBytes: usize, scratch: usize): usize {
  let from = scratch;
  let to = scratch + 256;
  for (let n = 0; n < lanes<T>(); n++) v128.store(from + <usize>(n << 4), v128.load(input + <usize>n * rowBytes));
  for (let stage = 1; stage < lanes<T>(); stage <<= 1) {
    for (let n = 0; n < lanes<T>() >> 1; n++) {
      const first = v128.load(from + <usize>(n << 4));
      const second = v128.load(from + <usize>((n + (lanes<T>() >> 1)) << 4));
      v128.store(to + <usize>(n << 5), lowerOf<T>(first, second));
      v128.store(to + <usize>(n << 5), upperOf<T>(first, second), 16);
    }
    const other = from;
    from = to;
    to = other;
  }
  return from;
}

/** The lower halves of two vectors, lane by lane in turns. */
function lowerOf<T>(a: v128, b: v128): v128 {
  if (sizeof<T>() === 1) return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  if (sizeof<T>() === 2) return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  return v128.shuffle<i32>(a, b, 0, 4, 1, 5);
}

function upperOf<T>(a: v128, b: v128): v128 {
  if (sizeof<T>() === 1) return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  if (sizeof<T>() === 2) return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
  return v128.shuffle<i32>(a, b, 2, 6, 3, 7);
}

function backwards<T>(a: v128): v128 {
  if (sizeof<T>() === 1) return i8x16.shuffle(a, a, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  if (sizeof<T>() === 2) return v128.shuffle<i16>(a, a, 7, 6, 5, 4, 3, 2, 1, 0);
  return v128.shuffle<i32>(a, a, 3, 2, 1, 0);
}

function placed(index: i32, side: i32, mirror: i32): i32 {
  return mirror !== 0 ? side - 1 - index : index;
}

function lanes<T>(): i32 {
  return 16 / <i32>sizeof<T>();
}
