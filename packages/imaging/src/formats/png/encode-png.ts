/** PNG out: one grey plane of 8 or 16 bits. */
import { deflateSync } from "node:zlib";
import { PssrError } from "@pssr/api";
import { type PixelArray, planeCount, planeShape } from "../../pixels/pixel-array.js";
import { signature, writeChunk } from "./chunks.js";

export interface PngOptions {
  /** Size of a pixel in nanometres, kept in the file to the precision of whole pixels a metre. */
  readonly pixelSizeNm?: number | undefined;
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
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8 * size);
  const chunks = [{ type: "IHDR", data: bytesOf(header) }];
  if (options.pixelSizeNm !== undefined) {
    const physical = new DataView(new ArrayBuffer(9));
    for (const at of [0, 4]) physical.setUint32(at, Math.min(0xffffffff, Math.round(1e9 / options.pixelSizeNm)));
    physical.setUint8(8, 1);
    chunks.push({ type: "pHYs", data: bytesOf(physical) });
  }
  chunks.push({ type: "IDAT", data: deflateSync(filterRows(pixels, height, width, size), { level: 6 }) });
  chunks.push({ type: "IEND", data: new Uint8Array(0) });
  return new Uint8Array(Buffer.concat([signature, ...chunks.map(writeChunk)]));
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
