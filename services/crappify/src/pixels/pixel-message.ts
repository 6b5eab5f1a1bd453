/** Types, levels, regions and blocks of pixels as the contract's messages. */
import {
  DataType,
  type IntensityLevels,
  IntensityLevels_Source as LevelsSource,
  type PixelBlock,
  type PixelRegion,
  PssrError,
} from "@pssr/api";
import type { Dtype, Levels, Region } from "@pssr/imaging";

export const dataTypes: Readonly<Record<Dtype, DataType>> = {
  uint8: DataType.DATA_TYPE_UINT8,
  uint16: DataType.DATA_TYPE_UINT16,
  float32: DataType.DATA_TYPE_FLOAT32,
};

const levelsSources: Readonly<Record<Levels["source"], LevelsSource>> = {
  METADATA: LevelsSource.SOURCE_METADATA,
  CALLER: LevelsSource.SOURCE_CALLER,
  PERCENTILE: LevelsSource.SOURCE_PERCENTILE,
};

export function toLevels({ black, white, source }: Levels): IntensityLevels {
  return { black, white, source: levelsSources[source] };
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

export function fromDataType(dataType: DataType): Dtype {
  const known = (Object.keys(dataTypes) as Dtype[]).find((dtype) => dataTypes[dtype] === dataType);
  if (known !== undefined) return known;
  throw new PssrError("INVALID_FIELD", `image.data_type: ${dataType} is no type of pixels that this release knows`, {
    field: "image.data_type",
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
