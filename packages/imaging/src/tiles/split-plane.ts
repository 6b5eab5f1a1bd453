/**
 * Splits the plane of an image into pixels to learn from and pixels held back: a rectangle in the lower right corner, the
 * same in every plane, and around it a gap that neither side sees. So no pixel, halo or window of frames is on two sides.
 */
import { PssrError } from "@pssr/api";
import { type PlaneOrigin, planeOrigins, tileOrigins } from "./tile-origins.js";

export interface SplitOptions {
  /** Side of the square tiles in pixels. */
  readonly tile: number;
  /** Distance of neighbouring tiles in pixels, 1 to tile. */
  readonly stride: number;
  /** Share of the plane's area to hold back, above 0 and below 1; at least one tile is. */
  readonly validationFraction: number;
  /** Width of the gap in pixels, 0 or more. */
  readonly guard: number;
}

export interface SpatialSplit {
  /** First pixel of the rectangle held back; it reaches to the plane's end. */
  readonly validationStart: PlaneOrigin;
  /** Origins of tiles that do not touch the rectangle or its gap; together they cover all pixels that such tiles can. */
  readonly training: readonly PlaneOrigin[];
  /** Origins of tiles that lie wholly within the rectangle and cover it. */
  readonly validation: readonly PlaneOrigin[];
}

/**
 * The rectangle's sides are sqrt(validationFraction) of the plane's, rounded, and at least one tile.
 * @throws PssrError TILE_TOO_LARGE if a tile is larger than the plane; DATASET_EMPTY if nothing is left to learn from;
 * INVALID_FIELD
 */
export function splitPlane(
  [height, width]: readonly [height: number, width: number],
  options: SplitOptions,
): SpatialSplit {
  const { tile, stride, validationFraction, guard } = options;
  if (!(validationFraction > 0 && validationFraction < 1)) {
    throw new PssrError(
      "INVALID_FIELD",
      `validation fraction ${validationFraction}: give a number above 0 and below 1`,
      {
        field: "split.validation_fraction",
      },
    );
  }
  if (!Number.isSafeInteger(guard) || guard < 0) {
    throw new PssrError("INVALID_FIELD", `guard ${guard}: give a whole number of pixels, 0 or more`, {
      field: "split.guard",
    });
  }
  tileOrigins(Math.min(height, width), tile, stride); // refuses what cannot be tiled at all
  const side = (size: number) => Math.max(tile, Math.round(Math.sqrt(validationFraction) * size));
  const [top, left] = [height - side(height), width - side(width)];
  const validation = planeOrigins([height - top, width - left], tile, stride).map(
    ([y, x]): PlaneOrigin => [y + top, x + left],
  );
  const training = mergeOrigins(
    bandOrigins(top - guard, width, tile, stride),
    bandOrigins(height, left - guard, tile, stride),
  );
  if (training.length === 0) {
    throw new PssrError(
      "DATASET_EMPTY",
      `no tile of ${tile} pixels is left to learn from in a plane of ${height}×${width} beside the ${height - top}×${width - left} held back and a guard of ${guard}: use smaller tiles, a smaller guard or larger images`,
      { field: "tile_size", metadata: { height: `${height}`, width: `${width}`, tile: `${tile}`, guard: `${guard}` } },
    );
  }
  return { validationStart: [top, left], training, validation };
}

/** Tiles of the band from the plane's upper left corner; none where it is narrower than a tile. */
function bandOrigins(height: number, width: number, tile: number, stride: number): PlaneOrigin[] {
  return height < tile || width < tile ? [] : planeOrigins([height, width], tile, stride);
}

/** Each origin once, row by row. */
function mergeOrigins(...bands: PlaneOrigin[][]): PlaneOrigin[] {
  const unique = new Map(bands.flat().map((origin) => [origin.join(), origin]));
  return [...unique.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}
