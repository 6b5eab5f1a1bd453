/** The tiles of a plane on either side of the split. Images of one size share them; what was not used lately is forgotten. */
import { PssrError } from "@pssr/api";
import { type SpatialSplit, splitPlane } from "@pssr/imaging";
import type { TileGeometry } from "./dataset-record.js";

/** Tiles of one plane: a stride of 1 over a large image would need more memory than its pixels. */
const mostTilesPerPlane = 2 ** 20;
/** Tile origins kept, over all splits. */
const mostKept = 2 ** 21;

const kept = new Map<string, SpatialSplit>();
let keptTiles = 0;

/**
 * @param shape the image's, of which the last two sizes count
 * @throws PssrError TILE_TOO_LARGE, DATASET_EMPTY where nothing is left to learn from, INVALID_FIELD
 */
export function planeSplit(shape: readonly number[], geometry: TileGeometry): SpatialSplit {
  const { tileSize: tile, tileStride: stride, validationFraction, guard } = geometry;
  const plane = [shape.at(-2)!, shape.at(-1)!] as const;
  const key = [...plane, tile, stride, validationFraction, guard].join();
  const known = kept.get(key);
  if (known !== undefined) {
    kept.delete(key);
    kept.set(key, known);
    return known;
  }
  const tiles = Math.ceil(plane[0] / stride) * Math.ceil(plane[1] / stride);
  if (tiles > mostTilesPerPlane) {
    throw new PssrError(
      "INVALID_FIELD",
      `dataset.tile_stride: ${stride} gives about ${tiles} tiles in a plane of ${plane.join("×")}; use a larger stride, at most ${mostTilesPerPlane} tiles a plane are kept`,
      { field: "dataset.tile_stride" },
    );
  }
  const split = splitPlane(plane, { tile, stride, validationFraction, guard });
  kept.set(key, split);
  keptTiles += sizeOf(split);
  for (const [oldest, other] of kept) {
    if (keptTiles <= mostKept || other === split) break;
    kept.delete(oldest);
    keptTiles -= sizeOf(other);
  }
  return split;
}

function sizeOf({ training, validation }: SpatialSplit): number {
  return training.length + validation.length;
}
