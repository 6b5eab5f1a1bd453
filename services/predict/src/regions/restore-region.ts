/**
 * Restores one region: reads what its tiles need of the input image, sends tile by tile through the network, and puts the
 * answers together. Pixels only: where they come from and go to is for others to say.
 */
import {
  allocatePixels,
  type BlackAndWhite,
  type Dtype,
  intensityMap,
  type PixelData,
  pixelCount,
} from "@pssr/imaging";
import type { Box } from "../tiling/box.js";
import { planTiles, type Tile, type TiledNetwork } from "../tiling/tiles.js";
import { cutTile, type PlaneWindow, pasteTile } from "./tile-pixels.js";

/** The image to restore. Its last two axes are y and x; a box of it is restored plane by plane. */
export interface RegionSource {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly levels: BlackAndWhite;
  /** The pixels of a box within the image, C order. */
  read(box: Box, options: { signal: AbortSignal }): Promise<PixelData>;
}

export interface RegionNetwork extends TiledNetwork {
  /** What the network has for an image's levels. */
  readonly levels: BlackAndWhite;
  /** From [height, width] to [height·scale, width·scale], in network units. */
  run(input: Float32Array, height: number, width: number, options: { signal: AbortSignal }): Promise<Float32Array>;
}

export interface RestoreOptions {
  signal: AbortSignal;
  /** Largest side of a tile without its margin, in input pixels. */
  tileSize: number;
  /** Tiles under way at the same time, at least 1; each holds its input and output in memory. */
  tilesInFlight: number;
  /** Called after each tile. */
  onTile?(): void;
}

export interface RestoredRegion {
  /** In C order, of the image's type. */
  readonly pixels: PixelData;
  /** Pixels whose restored value lay outside the type's range. */
  readonly clipped: number;
}

/** @param region a box of output pixels, with as many axes as the image */
export async function restoreRegion(
  region: Box,
  source: RegionSource,
  network: RegionNetwork,
  options: RestoreOptions,
): Promise<RestoredRegion> {
  const leading = region.shape.length - 2;
  const plane: Box = { start: region.start.slice(leading), shape: region.shape.slice(leading) };
  const [height, width] = source.shape.slice(leading) as [number, number];
  const tiles = planTiles(plane, [height, width], network, options.tileSize);
  const maps = { into: intensityMap(source.levels, network.levels), back: intensityMap(network.levels, source.levels) };
  const pixels = allocatePixels(source.dtype, pixelCount(region.shape));
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  let clipped = 0;
  for (const [index, at] of leadingPositions(region, leading).entries()) {
    const window = await readWindow(tiles, at, source, signal);
    const target = { data: pixels, offset: index * pixelCount(plane.shape), width: plane.shape[1]! };
    const waiting = tiles.values();
    const restoreNext = async (): Promise<void> => {
      for (const tile of waiting) {
        signal.throwIfAborted();
        const input = cutTile(window, tile, maps.into);
        const output = await network.run(input, tile.y.input.size, tile.x.input.size, { signal });
        clipped += pasteTile(output, tile, network.scale, maps.back, target);
        options.onTile?.();
      }
    };
    await allOrNone(Array.from({ length: options.tilesInFlight }, restoreNext), stop);
  }
  return { pixels, clipped };
}

/** The pixels that the tiles need of one plane, as far as the image reaches. */
async function readWindow(
  tiles: readonly Tile[],
  at: readonly number[],
  source: RegionSource,
  signal: AbortSignal,
): Promise<PlaneWindow> {
  const [height, width] = source.shape.slice(-2) as [number, number];
  const rows = union(tiles.map((tile) => tile.y.input));
  const columns = union(tiles.map((tile) => tile.x.input));
  const [y, x] = [rows.start, columns.start];
  const shape = [Math.min(rows.end, height) - y, Math.min(columns.end, width) - x] as const;
  const box = { start: [...at, y, x], shape: [...at.map(() => 1), ...shape] };
  return { data: await source.read(box, { signal }), y, x, height: shape[0], width: shape[1] };
}

function union(intervals: readonly { start: number; size: number }[]): { start: number; end: number } {
  return {
    start: Math.min(...intervals.map(({ start }) => start)),
    end: Math.max(...intervals.map(({ start, size }) => start + size)),
  };
}

/** The positions along the axes before y and x that a region covers, in C order; one, of no axis, for a plane. */
function leadingPositions(region: Box, leading: number): number[][] {
  let positions: number[][] = [[]];
  for (let axis = 0; axis < leading; axis++) {
    const along = Array.from({ length: region.shape[axis]! }, (_, i) => region.start[axis]! + i);
    positions = positions.flatMap((before) => along.map((at) => [...before, at]));
  }
  return positions;
}

/** Stops the rest at the first failure and fails with it, but only when nothing is at work any more. */
async function allOrNone(work: readonly Promise<void>[], stop: AbortController): Promise<void> {
  const failures: unknown[] = [];
  const watched = work.map((part) =>
    part.catch((error: unknown) => {
      failures.push(error);
      stop.abort(error);
    }),
  );
  await Promise.all(watched);
  if (failures.length > 0) throw failures[0];
}
