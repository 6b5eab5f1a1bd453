/** Undoes the prediction of a PNG row from its neighbours (W3C PNG, section 9.2). */
import { corrupt } from "./chunks.js";

/** @param line changed in place; @param previous the row above, already undone, or zeros */
export function unfilterRow(filter: number, line: Uint8Array, previous: Uint8Array, bytesPerPixel: number): void {
  switch (filter) {
    case 0:
      return;
    case 1:
      for (let i = bytesPerPixel; i < line.length; i++) line[i]! += line[i - bytesPerPixel]!;
      return;
    case 2:
      for (let i = 0; i < line.length; i++) line[i]! += previous[i]!;
      return;
    case 3:
      for (let i = 0; i < line.length; i++) {
        const left = i < bytesPerPixel ? 0 : line[i - bytesPerPixel]!;
        line[i]! += (left + previous[i]!) >> 1;
      }
      return;
    case 4:
      for (let i = 0; i < line.length; i++) {
        const first = i < bytesPerPixel;
        const left = first ? 0 : line[i - bytesPerPixel]!;
        line[i]! += paeth(left, previous[i]!, first ? 0 : previous[i - bytesPerPixel]!);
      }
      return;
    default:
      throw corrupt("a row names an unknown filter");
  }
}

function paeth(left: number, above: number, corner: number): number {
  const [toLeft, toAbove] = [Math.abs(above - corner), Math.abs(left - corner)];
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
