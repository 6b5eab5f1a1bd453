/** Between the contract's messages on pixels and our plain types, for every service and client. */
import {
  DataType,
  type IntensityLevels,
  IntensityLevels_Source as LevelsSource,
  type PixelBlock,
  PssrError,
} from "@pssr/api";
import { checkLevels, type Levels } from "./pixels/levels.js";
import {
  bytesPerPixel,
  checkAxes,
  createPixelArray,
  type Dtype,
  type PixelArray,
  type PixelData,
  pixelCount,
} from "./pixels/pixel-array.js";

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

export function toDataType(dtype: Dtype): DataType {
  return dataTypes[dtype];
}

/** Throws UNSUPPORTED_PIXELS, naming `field`, for a type that this release does not know. */
export function fromDataType(dataType: DataType, field: string): Dtype {
  const known = nameIn(dataTypes, dataType);
  if (known !== undefined) return known;
  throw new PssrError("UNSUPPORTED_PIXELS", `${field}: ${dataType} is no type of pixels that this release knows`, {
    field,
  });
}

export function toIntensityLevels({ black, white, source }: Levels): IntensityLevels {
  return { black, white, source: levelsSources[source] };
}

/** A source that is not said, or not known, is the caller. Throws INVALID_FIELD, naming `field`, for what are no levels. */
export function fromIntensityLevels({ black, white, source }: IntensityLevels, field: string): Levels {
  try {
    return checkLevels({ black, white, source: nameIn(levelsSources, source) ?? "CALLER" });
  } catch (cause) {
    if (!(cause instanceof PssrError)) throw cause;
    throw new PssrError(cause.reason, `${field}: ${cause.message}`, { field, cause });
  }
}

/**
 * The bytes are a view of the pixels, not a copy: Node runs on little-endian machines only, so memory is the wire's form.
 * @param origin where the block begins within what it is a part of; default: at zero
 */
export function toPixelBlock({ axes, shape, dtype, data }: PixelArray, origin: readonly number[] = []): PixelBlock {
  return {
    axes,
    shape: shape.map(BigInt),
    dataType: dataTypes[dtype],
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    origin: origin.map(BigInt),
  };
}

/**
 * Copies: the bytes of a decoded message do not lie where numbers of several bytes must, and in Node they are a Buffer, whose
 * `slice` is no copy.
 * @throws UNSUPPORTED_PIXELS or INVALID_FIELD, naming `field`, where type, axes, shape and bytes do not fit together
 */
export function fromPixelBlock({ axes, shape, dataType, data }: PixelBlock, field = "block"): PixelArray {
  const dtype = fromDataType(dataType, `${field}.data_type`);
  const sides = shape.map(Number);
  checkAxes(axes, sides);
  const expected = pixelCount(sides) * bytesPerPixel[dtype];
  if (data.length !== expected) {
    throw new PssrError(
      "INVALID_FIELD",
      `${field}.data: ${data.length} bytes; ${sides.join("×")} pixels of ${dtype} have ${expected}`,
      { field: `${field}.data` },
    );
  }
  return createPixelArray(axes, sides, pixelsOf(dtype, new Uint8Array(data)));
}

/** Bytes as pixels, not copied. They must begin at a multiple of a pixel's bytes in their buffer, as those of a new one do. */
export function pixelsOf(dtype: Dtype, { buffer, byteOffset, byteLength }: Uint8Array): PixelData {
  const count = byteLength / bytesPerPixel[dtype];
  return dtype === "uint8"
    ? new Uint8Array(buffer, byteOffset, count)
    : dtype === "uint16"
      ? new Uint16Array(buffer, byteOffset, count)
      : new Float32Array(buffer, byteOffset, count);
}

function nameIn<Name extends string, Value>(table: Readonly<Record<Name, Value>>, value: Value): Name | undefined {
  return (Object.keys(table) as Name[]).find((name) => table[name] === value);
}
