/** The tiles of one side of a dataset's split, numbered 0, 1, 2 … over all images and planes. */
import { pixelCount } from "@pssr/imaging";
import type { ManifestImage, TileGeometry } from "./dataset-record.js";
import { planeSplit } from "./plane-split.js";

/** Where a tile lies. */
export interface TilePlace {
  image: ManifestImage;
  /** First pixel along each axis of the image. */
  start: number[];
}

type Shaped = Pick<ManifestImage, "shape">;

export class TileIndex {
  /** Tiles in all; at least 1. */
  readonly count: number;
  /** Added to a tile's number for its noise, so that no two tiles of a dataset share theirs. */
  readonly noiseBase: number;
  readonly #images: readonly ManifestImage[];
  readonly #geometry: TileGeometry;
  readonly #side: "training" | "validation";
  /** Number of the first tile of each image. */
  readonly #firsts: Float64Array;

  constructor(images: readonly ManifestImage[], geometry: TileGeometry, side: "training" | "validation") {
    this.#images = images;
    this.#geometry = geometry;
    this.#side = side;
    this.#firsts = new Float64Array(images.length);
    let count = 0;
    for (const [i, image] of images.entries()) {
      this.#firsts[i] = count;
      count += tilesIn(image, geometry, side);
    }
    this.count = count;
    this.noiseBase = side === "training" ? 0 : countTiles(images, geometry).training;
  }

  /** The tile with a number from 0 to count − 1. */
  at(number: number): TilePlace {
    const i = lastAtMost(this.#firsts, number);
    const image = this.#images[i]!;
    const origins = planeSplit(image.shape, this.#geometry)[this.#side];
    const within = number - this.#firsts[i]!;
    const plane = Math.floor(within / origins.length);
    return { image, start: [...unravel(plane, image.shape.slice(0, -2)), ...origins[within % origins.length]!] };
  }
}

/** How many tiles each side of the split holds. */
export function countTiles(
  images: readonly Shaped[],
  geometry: TileGeometry,
): { training: number; validation: number } {
  const sum = (side: "training" | "validation") =>
    images.reduce((total, image) => total + tilesIn(image, geometry, side), 0);
  return { training: sum("training"), validation: sum("validation") };
}

function tilesIn({ shape }: Shaped, geometry: TileGeometry, side: "training" | "validation"): number {
  return pixelCount(shape.slice(0, -2)) * planeSplit(shape, geometry)[side].length;
}

/** Index of the last image whose first tile is at most `number`: an image without tiles shares its number with the next. */
function lastAtMost(firsts: Float64Array, number: number): number {
  let low = 0;
  let high = firsts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (firsts[middle]! <= number) low = middle;
    else high = middle - 1;
  }
  return low;
}

function unravel(index: number, shape: readonly number[]): number[] {
  const position: number[] = [];
  for (let axis = shape.length - 1, rest = index; axis >= 0; axis--) {
    position.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return position;
}
