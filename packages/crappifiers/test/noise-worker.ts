/** A worker thread that crappifies the tiles it is told to and posts their bytes. */
import { parentPort, workerData } from "node:worker_threads";
import { type Crappifier, crappify, type Levels, type PixelTile } from "@pssr/crappifiers";

export interface NoiseWork {
  crappifier: Crappifier;
  hr: PixelTile;
  levels: Levels;
  tiles: number[];
}

const { crappifier, hr, levels, tiles } = workerData as NoiseWork;
for (const tile of tiles) {
  parentPort?.postMessage([tile, crappify(crappifier, hr, levels, { seed: 9n, image: "scan", tile, epoch: 0 }).data]);
}
