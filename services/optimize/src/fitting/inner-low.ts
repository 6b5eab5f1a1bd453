/** The part of a degraded tile that is compared. */
import type { GreyTile } from "./fit-problem.js";

/** @param values All low-resolution pixels of the tile. */
export function innerLow(tile: GreyTile, values: GreyTile["values"], scale: number): GreyTile {
  const { inner: _, ...rest } = tile;
  const whole = { height: tile.height / scale, width: tile.width / scale };
  const { top, left, height, width } = tile.inner ?? { top: 0, left: 0, ...whole };
  if (height === whole.height && width === whole.width) return { ...rest, ...whole, values };
  const part = values.slice(0, height * width);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * whole.width + left;
    part.set(values.subarray(from, from + width), y * width);
  }
  return { ...rest, height, width, values: part };
}
