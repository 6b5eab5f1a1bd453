/** From what a caller asks for to a dataset: images looked up and pinned, tiles counted, everything checked. */
import { createHash } from "node:crypto";
import { imageName, isPssrError, PssrError } from "@pssr/api";
import type { Abortable } from "@pssr/platform";
import type { ImageCatalogue } from "../images/image-catalogue.js";
import { maximumTiles } from "../pairs/tile-order.js";
import type { DatasetManifest, ManifestImage, StoredDataset, TileGeometry } from "./dataset-record.js";
import { planeSplit } from "./plane-split.js";
import { countTiles } from "./tile-index.js";

export interface WantedDataset extends TileGeometry {
  /** Names of images. */
  images: string[];
}

export interface DatasetDraft {
  draft: Omit<StoredDataset, "manifest">;
  manifest: DatasetManifest;
  /** Rejects with NOT_FOUND where an image has gone since. */
  confirm: () => Promise<void>;
}

const maximumImages = 10_000;
const lookupsAtOnce = 32;

/** Fails with DATASET_EMPTY, TILE_TOO_LARGE, INVALID_FIELD or NOT_FOUND, naming the field. */
export async function draftDataset(
  project: string,
  wanted: WantedDataset,
  catalogue: ImageCatalogue,
  { signal }: Abortable,
): Promise<DatasetDraft> {
  checkImageList(project, wanted.images);
  const lookUp = async () => {
    const found: (ManifestImage & { dtype: StoredDataset["dtype"] })[] = [];
    for (let first = 0; first < wanted.images.length; first += lookupsAtOnce) {
      const names = wanted.images.slice(first, first + lookupsAtOnce);
      found.push(
        ...(await Promise.all(
          names.map(async (name, i) => {
            const field = `dataset.images[${first + i}]`;
            const { image: id } = imageName.parse(name, field);
            const image = await catalogue.get({ project, id }, { signal, field });
            const { digest, shape, location, levels, dtype, pixelSizeNm } = image;
            return { name, digest, shape, location, levels, dtype, ...(pixelSizeNm > 0 ? { pixelSizeNm } : {}) };
          }),
        )),
      );
    }
    return found;
  };
  const found = await lookUp();
  const [{ dtype }] = found as [(typeof found)[number]];
  const other = found.findIndex((image) => image.dtype !== dtype);
  if (other >= 0) {
    throw new PssrError(
      "INVALID_FIELD",
      `dataset.images[${other}]: "${found[other]!.name}" has ${found[other]!.dtype} pixels, the first image ${dtype}; make one dataset for each type`,
      { field: `dataset.images[${other}]` },
    );
  }
  checkTileFits(found, wanted);
  for (const image of found) checkSplit(image, wanted);
  const { training, validation } = countTiles(found, wanted);
  if (training > maximumTiles) {
    throw new PssrError(
      "INVALID_FIELD",
      `dataset.tile_stride: ${wanted.tileStride} gives ${training} tiles to learn from, more than ${maximumTiles}; use a larger stride or fewer images`,
      { field: "dataset.tile_stride" },
    );
  }
  const images = found.map(({ dtype: _, ...image }) => image);
  const { tileSize, tileStride, validationFraction, guard } = wanted;
  const geometry = { tileSize, tileStride, validationFraction, guard };
  const digest = digestOf(images, geometry);
  const pixelSizeNm = Math.min(...images.map((image) => image.pixelSizeNm ?? 0)) || undefined;
  return {
    draft: {
      ...geometry,
      trainingTiles: training,
      validationTiles: validation,
      dtype,
      ...(pixelSizeNm === undefined ? {} : { pixelSizeNm }),
      digest,
      createMs: Date.now(),
    },
    manifest: { schemaVersion: 1, images },
    confirm: async () => {
      const now = await lookUp();
      if (now.every((image, i) => image.digest === images[i]!.digest)) return;
      throw new PssrError(
        "REVISION_CONFLICT",
        "an image of the dataset has changed meanwhile; create the dataset again",
      );
    },
  };
}

function checkImageList(project: string, names: readonly string[]): void {
  if (names.length === 0) {
    throw new PssrError("DATASET_EMPTY", "dataset.images: name at least one image", { field: "dataset.images" });
  }
  if (names.length > maximumImages) {
    throw new PssrError(
      "INVALID_FIELD",
      `dataset.images: ${names.length} images are more than ${maximumImages}; make several datasets`,
      {
        field: "dataset.images",
      },
    );
  }
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    const field = `dataset.images[${index}]`;
    if (imageName.parse(name, field).project !== project) {
      throw new PssrError("INVALID_FIELD", `${field}: "${name}" lies in another project than the dataset`, { field });
    }
    if (seen.has(name))
      throw new PssrError("INVALID_FIELD", `${field}: "${name}" stands in the list twice; name it once`, { field });
    seen.add(name);
  }
}

function checkTileFits(images: readonly ManifestImage[], { tileSize }: TileGeometry): void {
  const shortSide = ({ shape }: ManifestImage) => Math.min(shape.at(-2)!, shape.at(-1)!);
  const smallest = images.reduce((least, image) => (shortSide(image) < shortSide(least) ? image : least));
  if (tileSize <= shortSide(smallest)) return;
  const size = `${smallest.shape.at(-2)}×${smallest.shape.at(-1)}`;
  throw new PssrError(
    "TILE_TOO_LARGE",
    `dataset.tile_size: ${tileSize} is larger than the smallest image ("${smallest.name}", ${size}); use at most ${shortSide(smallest)}, or leave that image out`,
    { field: "dataset.tile_size", metadata: { image: smallest.name, maximum: String(shortSide(smallest)) } },
  );
}

/** The split of one image: where nothing of it is left to learn from, says which image that is. */
function checkSplit({ name, shape }: ManifestImage, geometry: TileGeometry): void {
  try {
    planeSplit(shape, geometry);
  } catch (error) {
    if (!isPssrError(error, "DATASET_EMPTY")) throw error;
    const { tileSize, guard, validationFraction } = geometry;
    throw new PssrError(
      "DATASET_EMPTY",
      `dataset.split: "${name}" (${shape.at(-2)}×${shape.at(-1)}) has no tile of ${tileSize} left to learn from beside the share held back (${validationFraction}) and its guard of ${guard}; use a smaller tile_size or split.guard, or leave that image out`,
      { field: "dataset.split", metadata: { image: name }, cause: error },
    );
  }
}

/** SHA-256 over the images' digests in order, the tiles and the split. */
function digestOf(images: readonly ManifestImage[], geometry: TileGeometry): string {
  const { tileSize, tileStride, validationFraction, guard } = geometry;
  const content = ["dataset 1", tileSize, tileStride, validationFraction, guard, images.map(({ digest }) => digest)];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
