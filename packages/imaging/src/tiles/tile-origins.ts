/** Where windows of one size begin so that they cover an axis or a plane. */
import { PssrError } from "@pssr/api";

/** First pixel of a tile along y and x. */
export type PlaneOrigin = readonly [y: number, x: number];

/**
 * Origins 0, stride, 2·stride … of windows along one axis; the last is shifted inward to end with the axis. With a stride of
 * at most the tile every pixel is covered.
 * @param size of the axis in pixels; @param tile size of a window; @param stride distance of windows, 1 to tile
 * @throws PssrError TILE_TOO_LARGE if a window is larger than the axis; INVALID_FIELD
 */
export function tileOrigins(size: number, tile: number, stride: number): number[] {
  const whole = [size, tile, stride].every((value) => Number.isSafeInteger(value) && value >= 1);
  if (!whole || stride > tile) {
    throw new PssrError(
      "INVALID_FIELD",
      `tile stride ${stride} of tiles of ${tile}: give whole numbers, the stride from 1 to the tile size`,
      {
        field: "tile_stride",
      },
    );
  }
  if (tile > size) {
    throw new PssrError("TILE_TOO_LARGE", `tiles of ${tile} pixels do not fit into ${size}: use at most ${size}`, {
      field: "tile_size",
      metadata: { tile: `${tile}`, size: `${size}` },
    });
  }
  const last = size - tile;
  const origins: number[] = [];
  for (let origin = 0; origin < last; origin += stride) origins.push(origin);
  origins.push(last);
  return origins;
}

/** Origins of square tiles that cover a plane, row by row. @throws as `tileOrigins` */
export function planeOrigins(
  [height, width]: readonly [height: number, width: number],
  tile: number,
  stride: number,
): PlaneOrigin[] {
  const columns = tileOrigins(width, tile, stride);
  return tileOrigins(height, tile, stride).flatMap((y) => columns.map((x): PlaneOrigin => [y, x]));
}
