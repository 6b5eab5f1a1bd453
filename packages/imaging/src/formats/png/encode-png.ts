/** PNG out: one grey plane of 8 or 16 bits, or a drawing in colours. */
import { deflateSync } from "node:zlib";
import { PssrError } from "@pssr/api";
import { type PixelArray, planeCount, planeShape } from "../../pixels/pixel-array.js";
import { type Chunk, signature, writeChunk } from "./chunks.js";

export interface PngOptions {
  /** Size of a pixel in nanometres, kept in the file to the precision of whole pixels a metre. */
  readonly pixelSizeNm?: number | undefined;
}

/** A drawing: red, green and blue of each pixel, row by row from the top left. */
export interface RgbPixels {
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
}

/** @throws PssrError UNSUPPORTED_PIXELS if the pixels are float32 or more than one plane */
export function encodePng(pixels: PixelArray, options: PngOptions = {}): Uint8Array {
  if (pixels.dtype === "float32" || planeCount(pixels) !== 1) {
    throw new PssrError(
      "UNSUPPORTED_PIXELS",
      "a PNG file holds one plane of 8- or 16-bit pixels: write a TIFF file instead",
    );
  }
  const [height, width] = planeShape(pixels);
  const size = pixels.dtype === "uint8" ? 1 : 2;
  const chunks = [headerChunk(width, height, 8 * size, "grey")];
  if (options.pixelSizeNm !== undefined) {
    const physical = new DataView(new ArrayBuffer(9));
    for (const at of [0, 4]) physical.setUint32(at, Math.min(0xffffffff, Math.round(1e9 / options.pixelSizeNm)));
    physical.setUint8(8, 1);
    chunks.push({ type: "pHYs", data: bytesOf(physical) });
  }
  return fileOf(chunks, filterRows(pixels, height, width, size));
}

/** @throws PssrError SHAPE_MISMATCH if there are not three bytes for each pixel */
export function encodeRgbPng({ height, width, data }: RgbPixels): Uint8Array {
  if (height < 1 || width < 1 || data.length !== 3 * height * width) {
    throw new PssrError(
      "SHAPE_MISMATCH",
      `${data.length} bytes for ${height}×${width} pixels in colours: give at least one pixel, and three bytes for each`,
    );
  }
  const length = 3 * width;
  const rows = new Uint8Array(height * (1 + length));
  for (let y = 0, to = 0; y < height; y++) {
    // Differences to the row above (filter 2): areas and upright lines of a drawing become zeros.
    rows[to++] = 2;
    for (let i = y * length; i < (y + 1) * length; i++) rows[to++] = data[i]! - (y === 0 ? 0 : data[i - length]!);
  }
  return fileOf([headerChunk(width, height, 8, "RGB")], rows);
}

function headerChunk(width: number, height: number, depth: number, colour: "grey" | "RGB"): Chunk {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, depth);
  header.setUint8(9, colour === "grey" ? 0 : 2);
  return { type: "IHDR", data: bytesOf(header) };
}

function fileOf(chunks: readonly Chunk[], rows: Uint8Array): Uint8Array {
  const all = [
    ...chunks,
    { type: "IDAT", data: deflateSync(rows, { level: 6 }) },
    { type: "IEND", data: new Uint8Array(0) },
  ];
  return new Uint8Array(Buffer.concat([signature, ...all.map(writeChunk)]));
}

/** Rows in big-endian order, each as the differences to the pixel at its left (filter 1). */
function filterRows({ data }: PixelArray, height: number, width: number, size: 1 | 2): Uint8Array {
  const rows = new Uint8Array(height * (1 + width * size));
  let to = 0;
  for (let y = 0; y < height; y++) {
    rows[to++] = 1;
    let left = 0;
    for (let x = 0; x < width; x++) {
      const value = data[y * width + x]!;
      if (size === 2) rows[to++] = (value >> 8) - (left >> 8);
      rows[to++] = value - left;
      left = value;
    }
  }
  return rows;
}

function bytesOf({ buffer }: DataView): Uint8Array {
  return new Uint8Array(buffer);
}
