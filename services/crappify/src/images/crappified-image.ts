/**
 * How an image is made by degrading another one: in bands of rows that threads work on, written as shards when a row of them is
 * complete. The image counts as one tile, its planes as the tile's frames.
 */
import { CrappifyImageRequest, imageName, isPssrError, PssrError } from "@pssr/api";
import {
  type Crappifier,
  checkFit,
  fromCrappifierMessage,
  refuseExternal,
  toCrappifierMessage,
} from "@pssr/crappifiers";
import {
  copyRegion,
  createPixelArray,
  gridIndices,
  type PixelArray,
  pixelsOf,
  type Region,
  ShardWriter,
  shardLayout,
  type WritableStore,
  writeOmeZarrMetadata,
} from "@pssr/imaging";
import type { Abortable, JobContext, ObjectStore, RecordKey } from "@pssr/platform";
import { orderedPrefetch } from "../pairs/ordered-prefetch.js";
import { calibrationOf, cutToScale, lowShape } from "../pixels/crappify-region.js";
import { BandCheckpoints } from "./band-checkpoints.js";
import { type BandCut, type BandLimits, type BandOrder, cutBands } from "./band-cut.js";
import { BandThreads } from "./band-threads.js";
import type { ImageCatalogue } from "./image-catalogue.js";
import { type ImageMaker, imageRequest, type MadeImage, reportProgress } from "./image-jobs.js";
import type { StoredImage } from "./image-record.js";

export const crappificationKind = "crappification";

const requestName = "pssr.v1.CrappifyImageRequest";

export interface CrappifiedImageOptions {
  images: ImageCatalogue;
  objects: ObjectStore;
  /** For each image that is degraded. */
  limits: BandLimits;
}

export function crappifyRequest(message: CrappifyImageRequest): { type: string; bytes: Uint8Array } {
  return imageRequest(requestName, CrappifyImageRequest.encode(message).finish());
}

/** The request as its operation carries it: its crappifier has all its numbers, beside the name that they came from. */
export function resolvedRequest(
  message: CrappifyImageRequest,
  crappifier: Crappifier,
): { type: string; bytes: Uint8Array } {
  const numbers = { ...toCrappifierMessage(crappifier), named: message.crappifier?.named };
  return crappifyRequest({ ...message, crappifier: numbers });
}

export function crappifiedImage(options: CrappifiedImageOptions): ImageMaker {
  return { kind: crappificationKind, request: requestName, make: (job) => degradeIfThere(job, options) };
}

/** Throws INVALID_FIELD or IMAGE_TOO_LARGE, with the field, where the image cannot be degraded so; else says how. */
export function checkCrappifiable(
  image: StoredImage,
  crappifier: Crappifier,
  seed: bigint,
  limits: BandLimits,
): BandOrder & BandCut {
  // Such a step sees whole planes only, and an image may be larger than a message: whatever else is wrong with it.
  refuseExternal(crappifier, "crappifier");
  const { scale } = crappifier.sampling;
  const [height, width] = cutToScale(image.shape, scale).slice(-2) as [number, number];
  if (height === 0 || width === 0) {
    const size = image.shape.slice(-2).join("×");
    throw new PssrError(
      "INVALID_FIELD",
      `crappifier.sampling.scale: nothing is left of ${size} pixels at a scale of ${scale}; use a smaller one`,
      { field: "crappifier.sampling.scale" },
    );
  }
  checkFit(crappifier, { height, width, pixelSizeNm: image.pixelSizeNm || undefined }, "crappifier");
  const key = { seed, image: image.digest, tile: 0, epoch: 0 };
  const order = { image, crappifier, calibration: calibrationOf(image), key };
  return { ...order, ...cutBands(order, limits) };
}

/** Whatever fails because the image has gone, is told as that. */
async function degradeIfThere(job: JobContext, options: CrappifiedImageOptions): Promise<MadeImage> {
  const { record, signal } = job;
  const request = CrappifyImageRequest.decode(record.request.bytes);
  const key = { project: record.project, id: imageName.parse(request.image, "image").image };
  try {
    return await degrade(job, request, key, options);
  } catch (error) {
    const isThere = async (): Promise<boolean> => {
      try {
        return (await options.images.find(key, { signal })) !== undefined;
      } catch {
        return true; // not to be known now: the work's own error counts
      }
    };
    if (signal.aborted || (await isThere())) throw error;
    throw new PssrError(
      "NOT_FOUND",
      `image: "${request.image}" was deleted before all of it was degraded; nothing of the new image is left`,
      { field: "image", cause: error },
    );
  }
}

async function degrade(
  job: JobContext,
  request: CrappifyImageRequest,
  key: RecordKey,
  { images, objects, limits }: CrappifiedImageOptions,
): Promise<MadeImage> {
  const { signal } = job;
  const numbers = request.crappifier && { ...request.crappifier, named: undefined };
  const crappifier = fromCrappifierMessage(numbers, "crappifier");
  const source = await images.get(key, { signal, field: "image" });
  const { threads, rowsAtOnce, image: _, ...order } = checkCrappifiable(source, crappifier, request.seed, limits);
  const { axes, dtype, levels } = source;
  const { scale } = crappifier.sampling;
  const shape = lowShape(cutToScale(source.shape, scale), scale);
  const pixelSizeNm = source.pixelSizeNm * scale;
  const rows = [...shardRows(shardLayout({ axes, shape, dtype }).grid)];
  const checkpoints = new BandCheckpoints(job, rows.length);
  const { location } = checkpoints;
  const store = storeBelow(location, objects);
  const writer = new ShardWriter(store, { axes, shape, dtype });
  await using bandThreads = new BandThreads(objects, threads);
  const bands = orderedPrefetch(
    rows.slice(checkpoints.begun),
    // One more than there are threads: while its shards are written they go on.
    threads + 1,
    async (row, options) => {
      const { start, shape: first } = writer.regionOf(row);
      const region = { start, shape: [...first.slice(0, -1), shape.at(-1)!] };
      const bytes = await bandThreads.band({ location: source.location, ...region }, order, rowsAtOnce, options);
      return { row, pixels: createPixelArray(axes, region.shape, pixelsOf(dtype, bytes)) };
    },
    { signal },
  );
  let written = checkpoints.begun;
  try {
    for await (const { row, pixels: band } of bands) {
      for (const index of shardsOf(row, writer.layout.grid)) {
        await writer.write(index, partOf(band, writer.regionOf(index)), { signal });
      }
      await checkpoints.reached(++written);
      reportProgress(job, "degrading", written, rows.length, "bands");
    }
  } catch (error) {
    await checkpoints.leave();
    throw error;
  }
  await writeOmeZarrMetadata(store, { axes, shape, dtype, pixelSizeNm: pixelSizeNm || undefined, levels }, { signal });
  const described = await bandThreads.describe({ location, pixelSizeNm, levels }, { signal });
  const image: StoredImage = {
    ...described,
    pixelSizeNm,
    levels,
    origin: {
      kind: "crappified",
      image: request.image,
      imageDigest: source.digest,
      crappifier,
      crappifierSource: request.crappifier?.named?.value ?? "",
      seed: request.seed.toString(),
    },
    createMs: Date.now(),
    location,
  };
  return { image, keepAttempts: checkpoints.keepAttempts };
}

function storeBelow(location: string, objects: ObjectStore): WritableStore {
  return {
    async set(key, value, options?: Abortable) {
      try {
        await objects.put(location + key.slice(1), value, options);
      } catch (error) {
        // An earlier attempt came a little further than it could tell: the same pixels, packed by another machine's zlib.
        if (!isPssrError(error, "ALREADY_EXISTS")) throw error;
      }
    },
  };
}

/** The first shard of each row of shards, plane by plane. */
function* shardRows(grid: readonly number[]): Iterable<number[]> {
  for (const row of gridIndices(grid.slice(0, -1))) yield [...row, 0];
}

function* shardsOf(first: readonly number[], grid: readonly number[]): Iterable<number[]> {
  for (let column = 0; column < grid.at(-1)!; column++) yield [...first.slice(0, -1), column];
}

/** A shard's pixels out of the band of whole rows that it lies in. */
function partOf(band: PixelArray, { start, shape }: Region): PixelArray {
  return copyRegion(band, { start: [...start.slice(0, -1).map(() => 0), start.at(-1)!], shape });
}
