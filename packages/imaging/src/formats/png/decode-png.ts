/** PNG in: grey, 8 or 16 bits, plain or interlaced. */
import { inflateSync } from "node:zlib";
import { PssrError } from "@pssr/api";
import { allocatePixels, createPixelArray, type PixelData } from "../../pixels/pixel-array.js";
import { checkLimits, crediblePixelSize, type DecodedImage, type DecodeLimits } from "../decoded-image.js";
import { corrupt, readChunks, signature } from "./chunks.js";
import { unfilterRow } from "./filters.js";

export function isPng(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && signature.every((value, i) => bytes[i] === value);
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly bytesPerPixel: 1 | 2;
  readonly interlaced: boolean;
}

/** @throws PssrError as `decodeImage`, which is the one to call: it wraps what else may go wrong */
export function decodePng(bytes: Uint8Array, limits: DecodeLimits): DecodedImage {
  let header: Header | undefined;
  let size: { pixelSizeNm?: number } = {};
  const parts: Uint8Array[] = [];
  for (const { type, data } of readChunks(bytes)) {
    if (header === undefined) {
      if (type !== "IHDR") throw corrupt("it does not begin with a header");
      header = readHeader(data, limits);
    } else if (type === "IDAT") parts.push(data);
    else if (type === "pHYs") size = readPixelSize(data);
  }
  if (header === undefined) throw corrupt("it has no header");
  const { width, height } = header;
  const data = unpack(Buffer.concat(parts), header);
  return { pixels: createPixelArray("yx", [height, width], data), format: "png", ...size };
}

function readHeader(data: Uint8Array, limits: DecodeLimits): Header {
  if (data.length !== 13) throw corrupt("its header has a wrong length");
  const view = new DataView(data.buffer, data.byteOffset);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour, compression, filter, interlace] = data.subarray(8);
  if (width === 0 || height === 0 || compression !== 0 || filter !== 0 || interlace! > 1)
    throw corrupt("its header is wrong");
  const kind = colours[colour!];
  if (kind === undefined || ![1, 2, 4, 8, 16].includes(depth!)) throw corrupt("its header names an unknown pixel type");
  if (kind !== "grey" || depth! < 8) {
    throw new PssrError(
      "UNSUPPORTED_PIXELS",
      `the PNG file holds ${depth}-bit ${kind} pixels: convert it to greyscale of 8 or 16 bits without transparency`,
    );
  }
  checkLimits([height, width], depth === 8 ? "uint8" : "uint16", limits);
  return { width, height, bytesPerPixel: depth === 8 ? 1 : 2, interlaced: interlace === 1 };
}

const colours: Record<number, string> = { 0: "grey", 2: "RGB", 3: "palette", 4: "grey with transparency", 6: "RGBA" };

function readPixelSize(data: Uint8Array): { pixelSizeNm?: number } {
  if (data.length !== 9 || data[8] !== 1) return {};
  const view = new DataView(data.buffer, data.byteOffset);
  return crediblePixelSize(1e9 / view.getUint32(0), 1e9 / view.getUint32(4));
}

/** Of each pass of Adam7: first pixel and distance along y and x. */
const adam7 = [
  [0, 0, 8, 8],
  [0, 4, 8, 8],
  [4, 0, 8, 4],
  [0, 2, 4, 4],
  [2, 0, 4, 2],
  [0, 1, 2, 2],
  [1, 0, 2, 1],
] as const;

function unpack(compressed: Uint8Array, { width, height, bytesPerPixel, interlaced }: Header): PixelData {
  const passes = (interlaced ? adam7 : ([[0, 0, 1, 1]] as const))
    .map(([top, left, stepY, stepX]) => ({
      ...{ top, left, stepY, stepX },
      rows: Math.ceil((height - top) / stepY),
      columns: Math.ceil((width - left) / stepX),
    }))
    .filter(({ rows, columns }) => rows > 0 && columns > 0);
  const expected = passes.reduce((sum, { rows, columns }) => sum + rows * (1 + columns * bytesPerPixel), 0);
  const raw = inflateSync(compressed, { maxOutputLength: expected });
  if (raw.length !== expected) throw corrupt("pixels are missing");
  const pixels = allocatePixels(bytesPerPixel === 1 ? "uint8" : "uint16", width * height);
  let at = 0;
  for (const { top, left, stepY, stepX, rows, columns } of passes) {
    const length = columns * bytesPerPixel;
    let previous = new Uint8Array(length);
    for (let row = 0; row < rows; row++) {
      const filter = raw[at]!;
      const line = raw.subarray(at + 1, at + 1 + length);
      unfilterRow(filter, line, previous, bytesPerPixel);
      let to = (top + row * stepY) * width + left;
      for (let i = 0; i < length; i += bytesPerPixel, to += stepX) {
        pixels[to] = bytesPerPixel === 1 ? line[i]! : (line[i]! << 8) | line[i + 1]!;
      }
      previous = line;
      at += 1 + length;
    }
  }
  return pixels;
}
