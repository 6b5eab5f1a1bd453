/** Datasets as the contract's messages. */
import { type Dataset, datasetName, PssrError } from "@pssr/api";
import type { RecordKey } from "@pssr/platform";
import { dataTypes } from "../pixels/pixel-message.js";
import { within } from "../within-range.js";
import type { WantedDataset } from "./dataset-draft.js";
import type { StoredDataset } from "./dataset-record.js";

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
    pixelSizeNm: dataset.pixelSizeNm ?? 0,
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
