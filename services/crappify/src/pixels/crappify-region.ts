/** What may be crappified in one call, and with which intensities. */
import { PssrError } from "@pssr/api";
import type { Calibration } from "@pssr/crappifiers";
import { bytesPerPixel, type Dtype, maximumOf, pixelCount } from "@pssr/imaging";
import type { PixelDescription } from "../images/image-record.js";

type Calibrated = Pick<PixelDescription, "levels" | "dtype"> & { pixelSizeNm?: number | undefined };

/** High-resolution pixels of one call. */
const maximumPixels = 2_000_000;
/** What fits into one message. */
const maximumBytes = 3 * 1024 * 1024;

/** The shape of a whole image, cut at its lower right to multiples of the scale. */
export function cutToScale(shape: readonly number[], scale: number): number[] {
  return shape.map((size, axis) => (axis < shape.length - 2 ? size : size - (size % scale)));
}

export function lowShape(shape: readonly number[], scale: number): number[] {
  return shape.map((size, axis) => (axis < shape.length - 2 ? size : size / scale));
}

/** Throws INVALID_FIELD or IMAGE_TOO_LARGE where one call cannot do it. */
export function checkCrappifySize(shape: readonly number[], scale: number, dtype: Dtype): void {
  const [height, width] = [shape.at(-2)!, shape.at(-1)!];
  if (height % scale !== 0 || width % scale !== 0) {
    throw new PssrError(
      "INVALID_FIELD",
      `region: ${height}×${width} is no multiple of the scale ${scale}; use ${height - (height % scale)}×${width - (width % scale)}`,
      {
        field: "region",
      },
    );
  }
  const pixels = pixelCount(shape);
  const bytes = pixelCount(lowShape(shape, scale)) * bytesPerPixel[dtype];
  if (pixels <= maximumPixels && bytes <= maximumBytes) return;
  throw new PssrError(
    "IMAGE_TOO_LARGE",
    `region: ${pixels} pixels, ${bytes} bytes degraded, are more than one call does (${maximumPixels} pixels, ${maximumBytes} bytes); ask for a part of the image with region`,
    { field: "region" },
  );
}

/**
 * What a crappifier's numbers refer to. Where black and white were measured, some pixels lie outside of them by definition:
 * then only the data type's own range saturates.
 */
export function calibrationOf({ levels, dtype, pixelSizeNm }: Calibrated): Calibration {
  const { black, white, source } = levels;
  const known = { black, white, pixelSizeNm: pixelSizeNm || undefined };
  if (source !== "PERCENTILE") return known;
  const most = maximumOf(dtype);
  return {
    ...known,
    saturation: most === undefined ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] : [0, most],
  };
}
