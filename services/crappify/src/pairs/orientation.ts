/** The eight ways to lay a square: four quarter turns, each mirrored or not. Augmentation picks one of them for each tile. */

export const orientations = 8;

/**
 * Writes a square plane, `side` × `side` in C order, in one of its orientations: bit 0 mirrors columns, bit 1 mirrors rows,
 * bit 2 swaps rows and columns first. Orientation 0 is the plane itself.
 */
export function orient<T extends Uint8Array | Uint16Array | Float32Array>(
  plane: T,
  side: number,
  orientation: number,
): T {
  if (orientation === 0) return plane;
  const turned = new (plane.constructor as new (length: number) => T)(plane.length);
  const mirrorX = (orientation & 1) !== 0;
  const mirrorY = (orientation & 2) !== 0;
  const [stepX, stepY] = (orientation & 4) !== 0 ? [side, 1] : [1, side];
  for (let y = 0, n = 0; y < side; y++) {
    const row = (mirrorY ? side - 1 - y : y) * stepY;
    for (let x = 0; x < side; x++, n++) turned[n] = plane[row + (mirrorX ? side - 1 - x : x) * stepX]!;
  }
  return turned;
}
