/**
 * How large a tile may be for a given memory. What comes out does not depend on the tile's size, so a caller's wish for
 * large tiles is cut down without a word.
 */
import { PssrError } from "@pssr/api";
import { type Network, networkShape } from "@pssr/networks";
import { ceilTo, floorTo } from "./box.js";
import type { TiledNetwork } from "./tiles.js";

/**
 * Maps that a runtime holds at once, of the size of a network's largest: what a layer reads and makes, what a skip connection
 * keeps, and one in the making of either.
 */
const mapsAtOnce = 4;
const bytesPerNumber = 4;

/** Bytes that one input pixel of a tile takes while the network runs, about. */
export function bytesPerInputPixel(network: Network, grid: number): number {
  const side = ceilTo(64, grid);
  return (networkShape(network, { height: side, width: side }).largestMap / side ** 2) * mapsAtOnce * bytesPerNumber;
}

/**
 * The wanted size of a tile, or the largest below it that needs no more than `limitBytes` with its margin.
 * @param wanted largest side without its margin, in input pixels
 * @param imageSides height and width of the input image; a tile and its margin end there
 * @throws LIMIT_EXCEEDED where not even a tile of one step of the grid fits, with `field` to blame
 */
export function fitTileSize(
  wanted: number,
  { halo, grid, bytesPerPixel }: TiledNetwork & { bytesPerPixel: number },
  imageSides: readonly [number, number],
  { limitBytes, field }: { limitBytes: number; field: string },
): number {
  const bytes = (tileSize: number) =>
    imageSides.reduce(
      (product, side) => product * Math.min(ceilTo(side, grid), ceilTo(tileSize, grid) + 2 * halo),
      bytesPerPixel,
    );
  if (bytes(wanted) <= limitBytes) return wanted;
  const margins = floorTo(Math.sqrt(limitBytes / bytesPerPixel), 1) - 2 * halo;
  const size = Math.max(grid, Math.min(wanted, floorTo(margins, grid)));
  if (bytes(size) <= limitBytes) return size;
  const needed = Math.ceil(bytes(size) / 2 ** 20);
  throw new PssrError(
    "LIMIT_EXCEEDED",
    `${field}: its network needs about ${needed} MiB for the smallest tile, more than the ${Math.floor(limitBytes / 2 ** 20)} MiB for one; use a smaller network, or raise --tile-memory`,
    { field, metadata: { limit: String(limitBytes) } },
  );
}
