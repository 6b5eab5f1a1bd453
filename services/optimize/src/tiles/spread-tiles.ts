/**
 * Where tiles are cut from images: at random places of a grid, so that none overlap, as many of each image as of any other, and
 * within an image of each plane.
 */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** An image as far as tiles go. */
export interface Tiled {
  planes: number;
  height: number;
  width: number;
}

export interface TilePlace {
  /** Index of the image. */
  image: number;
  /** Number of its plane, counted through its leading axes. */
  plane: number;
  top: number;
  left: number;
}

type Draw = (below: number) => number;

/** How many tiles there are of so many pixels along a side. */
export function tilesIn(images: readonly Tiled[], side: number): number {
  return images.reduce((sum, image) => sum + image.planes * gridOf(image, side).count, 0);
}

/** At most `count` tiles; equal seeds, equal tiles. */
export function spreadTiles(images: readonly Tiled[], side: number, count: number, seed: number): TilePlace[] {
  const draw = drawerOf(seed);
  const order = shuffled(images.length, draw);
  const chosen: TilePlace[] = [];
  let sources = Array.from(order, (image) => placesOf(images[image]!, image, side, draw));
  while (sources.length > 0) {
    const open: typeof sources = [];
    for (const source of sources) {
      if (chosen.length === count) return chosen;
      const next = source.next();
      if (next.done) continue;
      chosen.push(next.value);
      open.push(source);
    }
    sources = open;
  }
  return chosen;
}

/** Some of the tiles for one purpose, the others for another: which, chance decides. */
export function divide<T>(tiles: readonly T[], first: number, seed: number): [T[], T[]] {
  const order = Array.from(shuffled(tiles.length, drawerOf(seed)), (index) => tiles[index]!);
  return [order.slice(0, first), order.slice(first)];
}

/** The places of one image, plane after plane in turns. */
function* placesOf(image: Tiled, index: number, side: number, draw: Draw): Generator<TilePlace, undefined> {
  const { across, count } = gridOf(image, side);
  const planes = shuffled(image.planes, draw);
  const places = new Map<number, Uint32Array>();
  for (let turn = 0; turn < count; turn++) {
    for (const plane of planes) {
      const own = places.get(plane) ?? shuffled(count, draw);
      places.set(plane, own);
      const place = own[turn]!;
      yield { image: index, plane, top: side * Math.floor(place / across), left: side * (place % across) };
    }
  }
  return undefined;
}

function gridOf({ height, width }: Tiled, side: number): { across: number; count: number } {
  const across = Math.floor(width / side);
  return { across, count: across * Math.floor(height / side) };
}

function drawerOf(seed: number): Draw {
  const generator = xoroshiro128plus(seed | 0);
  return (below) => uniformInt(generator, 0, below - 1);
}

/** 0 to n − 1 in any order (R. A. Fisher and F. Yates, 1938). */
function shuffled(n: number, draw: Draw): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = draw(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
