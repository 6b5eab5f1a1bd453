/** The pixels of tiles, from crappify: as they are, and degraded. */
import { type Crappifier, toCrappifierMessage } from "@pssr/crappifiers";
import type { PixelData, Region } from "@pssr/imaging";
import type { Identity } from "@pssr/platform";
import type { SourceImage } from "../fits/source-images.js";
import type { GreyTile } from "../fitting/fit-problem.js";
import type { Peers } from "../peers.js";
import type { LevelsOf } from "./grey-levels.js";
import { patiently } from "./patiently.js";
import type { Tile } from "./plan-tiles.js";
import { someAtOnce } from "./some-at-once.js";

export interface TileSourceOptions {
  identity: Identity;
  tilesInFlight: number;
  patienceMs: number;
  /** Told what tiles are waited for; without a problem when they come again. */
  waiting(problem?: string): void;
}

export class TileSource {
  #waits = false;

  constructor(
    private readonly peers: Peers,
    private readonly options: TileSourceOptions,
  ) {}

  /** @param scale Of the low-resolution pixels that tiles become. */
  async read(
    tiles: readonly Tile[],
    levelsOf: LevelsOf,
    { scale, signal }: { scale: number; signal: AbortSignal },
  ): Promise<GreyTile[]> {
    return this.#all(tiles, signal, async (tile, _, call) => {
      const { image, side, halo } = tile;
      const region = regionOf(tile);
      const values = await this.peers.pixels(image.name, image.dtype, region, image.field, call);
      const field = image.field.replace(/^fit\./, "");
      const [height, width] = region.shape.slice(-2) as [number, number];
      const pixels = { height, width, dtype: image.dtype, values, levels: levelsOf(image), field };
      if (height === side && width === side) return pixels;
      const inner = { top: halo.top / scale, left: halo.left / scale, height: side / scale, width: side / scale };
      return { ...pixels, inner };
    });
  }

  /** Low-resolution pixels; tile n is degraded with the seed `seed + n`. */
  async degrade(
    tiles: readonly Tile[],
    crappifier: Crappifier,
    seed: bigint,
    { signal }: { signal: AbortSignal },
  ): Promise<PixelData[]> {
    const message = toCrappifierMessage(crappifier);
    return this.#all(tiles, signal, (tile, n, call) => {
      const { start, shape } = regionOf(tile);
      const region = { start: start.map(BigInt), shape: shape.map(BigInt) };
      const request = {
        image: tile.image.name,
        region,
        crappifier: message,
        seed: BigInt.asUintN(64, seed + BigInt(n)),
      };
      return this.peers.degraded(request, tile.image.field, call);
    });
  }

  #all<Result>(
    tiles: readonly Tile[],
    signal: AbortSignal,
    work: (tile: Tile, n: number, call: { identity: Identity; signal: AbortSignal }) => Promise<Result>,
  ): Promise<Result[]> {
    const { identity, tilesInFlight, patienceMs } = this.options;
    const one = async (tile: Tile, n: number, options: { signal: AbortSignal }) => {
      const waiting = (problem: string) => this.#wait(problem);
      const result = await patiently(() => work(tile, n, { identity, ...options }), {
        ...options,
        patienceMs,
        waiting,
      });
      if (this.#waits) this.#wait();
      return result;
    };
    return someAtOnce(tiles, tilesInFlight, one, { signal });
  }

  #wait(problem?: string): void {
    this.#waits = problem !== undefined;
    this.options.waiting(problem);
  }
}

/** With its halo. */
function regionOf({ image, plane, top, left, side, halo }: Tile): Region {
  const leading = planeStart(image, plane);
  return {
    start: [...leading, top - halo.top, left - halo.left],
    shape: [...leading.map(() => 1), side + halo.top + halo.bottom, side + halo.left + halo.right],
  };
}

/** Where a plane stands along the leading axes. */
function planeStart({ shape }: SourceImage, plane: number): number[] {
  const start: number[] = [];
  let rest = plane;
  for (const size of shape.slice(0, -2).reverse()) {
    start.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return start;
}
