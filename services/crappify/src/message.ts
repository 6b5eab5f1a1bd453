/** Between the contract's messages and our plain types: the only place that knows both. */
import {
  type Dataset,
  DataType,
  datasetName,
  FileFormat,
  type Image,
  type ImageOrigin,
  type IntensityLevels,
  IntensityLevels_Source as LevelsSource,
  type PixelBlock,
  type PixelRegion,
  PssrError,
  Split,
  type StreamPairsRequest,
  type Upload,
  uploadName,
} from "@pssr/api";
import { fromCrappifierMessage } from "@pssr/crappifiers";
import type { Dtype, Levels, Region } from "@pssr/imaging";
import type { RecordEntry, RecordKey } from "@pssr/platform";
import type { WantedDataset } from "./datasets/dataset-draft.js";
import type { StoredDataset } from "./datasets/dataset-record.js";
import { type CatalogueEntry, nameOfImage } from "./images/image-catalogue.js";
import type { ExportFormat } from "./images/image-exports.js";
import type { StoredImage, StoredOrigin } from "./images/image-record.js";
import type { PairStreamSpec } from "./pairs/pair-plan.js";
import type { UploadRecord } from "./uploads/upload-record.js";

const dataTypes: Readonly<Record<Dtype, DataType>> = {
  uint8: DataType.DATA_TYPE_UINT8,
  uint16: DataType.DATA_TYPE_UINT16,
  float32: DataType.DATA_TYPE_FLOAT32,
};

const levelsSources: Readonly<Record<Levels["source"], LevelsSource>> = {
  METADATA: LevelsSource.SOURCE_METADATA,
  CALLER: LevelsSource.SOURCE_CALLER,
  PERCENTILE: LevelsSource.SOURCE_PERCENTILE,
};

/** Steps beyond it cannot be counted exactly in pairs. */
const maximumStep = 2 ** 42;

export function toUpload({ key, record }: RecordEntry<UploadRecord>): Upload {
  return {
    name: uploadName.format({ project: key.project, upload: key.id }),
    filename: record.filename,
    sizeBytes: BigInt(record.sizeBytes),
    sha256: record.sha256,
    receivedBytes: BigInt(record.receivedBytes),
    createTime: new Date(record.createMs),
  };
}

export function toImage({ key, image }: CatalogueEntry): Image {
  return {
    name: nameOfImage(key),
    axes: image.axes,
    shape: image.shape.map(BigInt),
    dataType: dataTypes[image.dtype],
    pixelSizeNm: image.pixelSizeNm,
    levels: toLevels(image.levels),
    digest: image.digest,
    origin: image.origin && toOrigin(image.origin),
    createTime: new Date(image.createMs),
    location: image.location,
  };
}

/** The other way, for an image that we wrote ourselves. */
export function fromImage(message: Image): StoredImage {
  return {
    axes: message.axes,
    shape: message.shape.map(Number),
    dtype: fromDataType(message.dataType),
    pixelSizeNm: message.pixelSizeNm,
    levels: fromLevels(
      message.levels ?? { black: 0, white: 0, source: LevelsSource.SOURCE_UNSPECIFIED },
      "image.levels",
    ),
    digest: message.digest,
    origin: fromOrigin(message.origin),
    createMs: message.createTime?.getTime() ?? 0,
    location: message.location,
  };
}

function fromDataType(dataType: DataType): Dtype {
  const known = (Object.keys(dataTypes) as Dtype[]).find((dtype) => dataTypes[dtype] === dataType);
  if (known !== undefined) return known;
  throw new PssrError("INVALID_FIELD", `image.data_type: ${dataType} is no type of pixels that this release knows`, {
    field: "image.data_type",
  });
}

function toOrigin(origin: StoredOrigin): ImageOrigin {
  if (origin.kind === "file") {
    const { filename, sha256, format } = origin;
    return { kind: { $case: "file", value: { filename, sha256, format } } };
  }
  const { prediction, modelVersion, inputImage, inputDigest, clippedPixels } = origin;
  return {
    kind: {
      $case: "prediction",
      value: { prediction, modelVersion, inputImage, inputDigest, clippedPixels: BigInt(clippedPixels) },
    },
  };
}

export function fromOrigin(origin: ImageOrigin | undefined): StoredOrigin | undefined {
  const kind = origin?.kind;
  if (kind === undefined) return undefined;
  if (kind.$case === "file") return { kind: "file", ...kind.value };
  return { kind: "prediction", ...kind.value, clippedPixels: Number(kind.value.clippedPixels) };
}

export function toLevels({ black, white, source }: Levels): IntensityLevels {
  return { black, white, source: levelsSources[source] };
}

/** What a caller says of an image. Throws INVALID_FIELD with the path below `path`. */
export function fromKnown(image: Image | undefined, path: string): { pixelSizeNm?: number; levels?: Levels } {
  if (image === undefined) return {};
  const { pixelSizeNm, levels } = image;
  if (!(Number.isFinite(pixelSizeNm) && pixelSizeNm >= 0)) {
    throw new PssrError(
      "INVALID_FIELD",
      `${path}.pixel_size_nm: ${pixelSizeNm} is no size; give nanometres above 0, or 0 for unknown`,
      {
        field: `${path}.pixel_size_nm`,
      },
    );
  }
  return {
    ...(pixelSizeNm > 0 ? { pixelSizeNm } : {}),
    ...(levels === undefined ? {} : { levels: fromLevels(levels, `${path}.levels`) }),
  };
}

/** A caller's levels; one of our own services may say where they came from. */
export function fromLevels({ black, white, source }: IntensityLevels, path: string): Levels {
  // Both the width and what it is divided by must be numbers: 1 / 5e-324 is infinite, and so is 1.7e308 + 1.7e308.
  if (!(white > black && Number.isFinite(white - black) && Number.isFinite(1 / (white - black)))) {
    throw new PssrError(
      "INVALID_FIELD",
      `${path}: black ${black} and white ${white} are no levels; white must lie above black, both finite and neither too near nor too far from each other`,
      {
        field: path,
      },
    );
  }
  const sources = Object.keys(levelsSources) as Levels["source"][];
  return { black, white, source: sources.find((name) => levelsSources[name] === source) ?? "CALLER" };
}

export function toDataset(key: RecordKey, dataset: StoredDataset, images: readonly string[]): Dataset {
  return {
    name: datasetName.format({ project: key.project, dataset: key.id }),
    images: [...images],
    tileSize: dataset.tileSize,
    tileStride: dataset.tileStride,
    split: {
      validationFraction: dataset.validationFraction,
      guard: dataset.guard,
      noGuard: dataset.guard === 0,
    },
    trainingTiles: BigInt(dataset.trainingTiles),
    validationTiles: BigInt(dataset.validationTiles),
    dataType: dataTypes[dataset.dtype],
    digest: dataset.digest,
    createTime: new Date(dataset.createMs),
  };
}

/** What a caller asks for as a dataset, completed with the defaults. Throws INVALID_FIELD with the path below `path`. */
export function fromDatasetRequest(dataset: Dataset | undefined, path: string): WantedDataset {
  const { images = [], tileSize: size = 0, tileStride: stride = 0, split } = dataset ?? {};
  const tileSize = within(size || 128, 16, 1024, `${path}.tile_size`);
  const tileStride = within(stride || Math.max(1, Math.floor(tileSize / 2)), 1, tileSize, `${path}.tile_stride`);
  const given = split?.validationFraction ?? 0;
  const validationFraction = given === 0 ? 0.1 : given;
  if (!(validationFraction > 0 && validationFraction <= 0.5)) {
    const field = `${path}.split.validation_fraction`;
    throw new PssrError("INVALID_FIELD", `${field}: ${validationFraction} is outside 0 to 0.5`, { field });
  }
  const guard = split?.noGuard ? 0 : within(split?.guard || 32, 1, 4096, `${path}.split.guard`);
  if (split?.noGuard && split.guard !== 0) {
    const field = `${path}.split.no_guard`;
    throw new PssrError("INVALID_FIELD", `${field}: a guard of ${split.guard} pixels and none at all; choose one`, {
      field,
    });
  }
  return { images, tileSize, tileStride, validationFraction, guard };
}

function within(value: number, least: number, most: number, field: string): number {
  if (value >= least && value <= most) return value;
  throw new PssrError("INVALID_FIELD", `${field}: ${value} is outside ${least} to ${most}`, { field });
}

/** What a stream of pairs is a function of. Throws INVALID_FIELD. */
export function fromStreamPairs(request: StreamPairsRequest): PairStreamSpec {
  const split = fromSplit(request.split);
  const shardCount = within(request.shardCount || 1, 1, 1024, "shard_count");
  if (request.augment && split === "validation") {
    throw new PssrError(
      "INVALID_FIELD",
      "augment: tiles held back are never turned; ask for the TRAINING split, or without",
      {
        field: "augment",
      },
    );
  }
  return {
    split,
    crappifier: fromCrappifierMessage(request.crappifier, "crappifier"),
    seed: request.seed,
    batchSize: within(request.batchSize || 8, 1, 1024, "batch_size"),
    fromStep: within(Number(request.fromStep), 0, maximumStep, "from_step"),
    steps: within(Number(request.steps), 0, maximumStep, "steps"),
    augment: request.augment,
    shardIndex: within(request.shardIndex, 0, shardCount - 1, "shard_index"),
    shardCount,
  };
}

function fromSplit(split: Split): PairStreamSpec["split"] {
  if (split === Split.SPLIT_VALIDATION) return "validation";
  if (split === Split.SPLIT_TRAINING || split === Split.SPLIT_UNSPECIFIED) return "training";
  throw new PssrError("INVALID_FIELD", `split: ${split} is no side of a split; use TRAINING or VALIDATION`, {
    field: "split",
  });
}

/** Bytes of pixels as they travel. Node runs on little-endian machines only, so memory is the wire's form. */
export function toPixelBlock(
  axes: string,
  shape: readonly number[],
  origin: readonly number[],
  dtype: Dtype,
  data: Uint8Array,
): PixelBlock {
  return { axes, shape: shape.map(BigInt), dataType: dataTypes[dtype], data, origin: origin.map(BigInt) };
}

export function fromFileFormat(format: FileFormat): ExportFormat {
  if (format === FileFormat.FILE_FORMAT_PNG) return "png";
  if (format === FileFormat.FILE_FORMAT_TIFF || format === FileFormat.FILE_FORMAT_UNSPECIFIED) return "tiff";
  throw new PssrError("INVALID_FIELD", `format: ${format} is no format that this release knows; use PNG or TIFF`, {
    field: "format",
  });
}

/** A region of an image, completed and checked. Throws INVALID_FIELD naming `path`. */
export function fromRegion(region: PixelRegion | undefined, shape: readonly number[], path: string): Region {
  const start = region?.start.length ? region.start.map(Number) : shape.map(() => 0);
  const size = region?.shape.length
    ? region.shape.map(Number)
    : shape.map((length, axis) => length - (start[axis] ?? 0));
  const fits =
    start.length === shape.length &&
    size.length === shape.length &&
    shape.every((length, axis) => start[axis]! >= 0 && size[axis]! >= 1 && start[axis]! + size[axis]! <= length);
  if (fits) return { start, shape: size };
  throw new PssrError(
    "INVALID_FIELD",
    `${path}: the box at [${start}] of [${size}] pixels does not lie within the image of [${shape}]`,
    { field: path },
  );
}
