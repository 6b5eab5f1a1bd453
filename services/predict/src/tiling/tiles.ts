/**
 * The tiles of one plane of a region: what to feed the network, and which of its output pixels to keep. Tile by tile gives
 * the same numbers as the whole image at once, because
 * - a tile begins and ends on the network's grid, so that its strided layers sample the same pixels;
 * - it carries a margin of the network's halo, so that no kept pixel sees the tile's own edge;
 * - at the image's edge the margin is cut, so that the network's zero padding meets the same pixels as in the whole image.
 * An image whose sides are no multiples of the grid is continued at the lower right by repeating its last row and column,
 * for one tile as for all; "padded" means that image.
 */
import { type Box, ceilTo, floorTo, type Interval } from "./box.js";

/** What the planner needs to know of a network, in input pixels; see `receptiveField`. */
export interface TiledNetwork {
  /** Output pixels per input pixel along y and x. */
  readonly scale: number;
  /** Input pixels needed beyond each edge of a tile, a multiple of `grid`. */
  readonly halo: number;
  /** Tiles begin and end at multiples of so many input pixels. */
  readonly grid: number;
}

/** One axis of a tile. */
export interface TileSpan {
  /** Padded input pixels to feed: multiples of the grid. May reach beyond the true image by less than the grid. */
  readonly input: Interval;
  /** Pixels to keep of what the network makes of them: first one within the tile's output, and how many. */
  readonly keep: Interval;
  /** Where they go: first pixel within the region. */
  readonly target: number;
}

export interface Tile {
  readonly y: TileSpan;
  readonly x: TileSpan;
}

/**
 * The tiles of a region, in C order; every pixel of the region is kept from exactly one of them.
 * @param region two axes, y and x, in output pixels
 * @param inputShape height and width of the input image
 * @param tileSize largest side of a tile without its margin, in input pixels; rounded up to the grid
 */
export function planTiles(
  region: Box,
  inputShape: readonly [number, number],
  network: TiledNetwork,
  tileSize: number,
): Tile[] {
  const rows = spans(region.start[0]!, region.shape[0]!, inputShape[0], network, tileSize);
  const columns = spans(region.start[1]!, region.shape[1]!, inputShape[1], network, tileSize);
  return rows.flatMap((y) => columns.map((x) => ({ y, x })));
}

/** How many tiles `planTiles` gives. */
export function countTiles(region: Box, network: TiledNetwork, tileSize: number): number {
  return [0, 1].reduce((count, axis) => {
    const { cores } = divide(region.start[axis]!, region.shape[axis]!, network, tileSize);
    return count * cores;
  }, 1);
}

function spans(from: number, size: number, inputSide: number, network: TiledNetwork, tileSize: number): TileSpan[] {
  const { scale, halo, grid } = network;
  const padded = ceilTo(inputSide, grid);
  const { first, end, step } = divide(from, size, network, tileSize);
  const result: TileSpan[] = [];
  for (let core = first; core < end; core += step) {
    const inputStart = Math.max(0, core - halo);
    const inputEnd = Math.min(padded, Math.min(core + step, end) + halo);
    const keepStart = Math.max(core * scale, from);
    const keepEnd = Math.min((core + step) * scale, from + size);
    result.push({
      input: { start: inputStart, size: inputEnd - inputStart },
      keep: { start: keepStart - inputStart * scale, size: keepEnd - keepStart },
      target: keepStart - from,
    });
  }
  return result;
}

/** Cuts the input of one axis of a region, rounded out to the grid, into as few cores as fit, about equally long. */
function divide(from: number, size: number, { scale, grid }: TiledNetwork, tileSize: number) {
  const first = floorTo(from / scale, grid);
  const end = ceilTo(Math.ceil((from + size) / scale), grid);
  const wanted = Math.ceil((end - first) / ceilTo(tileSize, grid));
  const step = ceilTo((end - first) / wanted, grid);
  return { first, end, step, cores: Math.ceil((end - first) / step) };
}
