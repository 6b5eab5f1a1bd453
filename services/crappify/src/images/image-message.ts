/** Images, what callers say of them, and their files' formats as the contract's messages. */
import { FileFormat, type Image, type ImageOrigin, IntensityLevels_Source as LevelsSource, PssrError } from "@pssr/api";
import { fromCrappifierMessage, toCrappifierMessage } from "@pssr/crappifiers";
import type { Levels } from "@pssr/imaging";
import { dataTypes, fromDataType, fromLevels, toLevels } from "../pixels/pixel-message.js";
import { type CatalogueEntry, nameOfImage } from "./image-catalogue.js";
import type { ExportFormat } from "./image-exports.js";
import type { StoredImage, StoredOrigin } from "./image-record.js";

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

function toOrigin(origin: StoredOrigin): ImageOrigin {
  if (origin.kind === "file") {
    const { filename, sha256, format } = origin;
    return { kind: { $case: "file", value: { filename, sha256, format } } };
  }
  if (origin.kind === "crappified") {
    const { image, imageDigest, crappifier, crappifierSource = "", seed } = origin;
    const numbers = toCrappifierMessage(crappifier);
    const value = { image, imageDigest, crappifier: numbers, crappifierSource, seed: BigInt(seed) };
    return { kind: { $case: "crappified", value } };
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
  if (kind.$case === "crappified") {
    const { crappifier, seed, ...from } = kind.value;
    const numbers = fromCrappifierMessage(crappifier, "image.origin.crappified.crappifier");
    return { kind: "crappified", ...from, crappifier: numbers, seed: seed.toString() };
  }
  return { kind: "prediction", ...kind.value, clippedPixels: Number(kind.value.clippedPixels) };
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

export function fromFileFormat(format: FileFormat): ExportFormat {
  if (format === FileFormat.FILE_FORMAT_PNG) return "png";
  if (format === FileFormat.FILE_FORMAT_TIFF || format === FileFormat.FILE_FORMAT_UNSPECIFIED) return "tiff";
  throw new PssrError("INVALID_FIELD", `format: ${format} is no format that this release knows; use PNG or TIFF`, {
    field: "format",
  });
}
