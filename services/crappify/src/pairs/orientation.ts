/** The eight ways to lay a square: four quarter turns, each mirrored or not. Augmentation picks one of them for each tile. */

export const orientations = 8;

type Plane = Uint8Array | Uint16Array | Float32Array;

/**
 * A square plane, `side` × `side` in C order, in one of its orientations: bit 2 swaps rows and columns, then bit 0 mirrors
 * columns, and bit 1 mirrors rows. Orientation 0 is the plane itself.
 */
export function orient<T extends Plane>(plane: T, side: number, orientation: number): T {
  if (orientation === 0) return plane;
  const turned = (orientation & 4) !== 0 ? transposed(plane, side) : (plane.slice() as T);
  const mirrorColumns = (orientation & 1) !== 0;
  const mirrorRows = (orientation & 2) !== 0;
  // All pixels backwards is rows and columns mirrored; each row backwards is one of them. Both are the engine's own loops.
  if (mirrorRows) turned.reverse();
  if (mirrorColumns !== mirrorRows)
    for (let row = 0; row < turned.length; row += side) turned.subarray(row, row + side).reverse();
  return turned;
}

/** Pixels of a square that is turned at once: what is read and what is written stay in the processor's nearest cache. */
const squareSide = 64;

function transposed<T extends Plane>(plane: T, side: number): T {
  const turned = new (plane.constructor as new (length: number) => T)(plane.length);
  for (let top = 0; top < side; top += squareSide) {
    const bottom = Math.min(side, top + squareSide);
    for (let left = 0; left < side; left += squareSide) {
      const right = Math.min(side, left + squareSide);
      for (let y = top; y < bottom; y++) {
        for (let n = y * side + left, from = left * side + y; n < y * side + right; n++, from += side)
          turned[n] = plane[from]!;
      }
    }
  }
  return turned;
}
