/** TIFF in: grey pages of 8 or 16 bits or float32, in strips or tiles. */
import { PssrError } from "@pssr/api";
import { createPixelArray, type Dtype, type PixelArray, type PixelData } from "../../pixels/pixel-array.js";
import { checkLimits, type DecodedImage, type DecodeLimits } from "../decoded-image.js";
import { type Block, blockBytes, storeBlock } from "./blocks.js";
import { levelsOf, pixelSizeOf } from "./metadata.js";
import { corrupt, type Directory, readDirectories, readHeader } from "./read-directories.js";
import { compression, tag } from "./tags.js";

export function isTiff(bytes: Uint8Array): boolean {
  return readHeader(bytes) !== undefined;
}

/** @throws PssrError as `decodeImage`, which is the one to call: it wraps what else may go wrong */
export function decodeTiff(bytes: Uint8Array, limits: DecodeLimits): DecodedImage {
  const header = readHeader(bytes)!;
  const pages: Page[] = [];
  let first: Directory | undefined;
  for (const directory of readDirectories(bytes, header)) {
    if ((one(directory, tag.newSubfileType, 0) & 0b101) !== 0) continue; // a thumbnail or a mask
    first ??= directory;
    const page = pageOf(directory, limits);
    const start = pages[0] ?? page;
    if (page.width !== start.width || page.height !== start.height || page.dtype !== start.dtype) {
      throw new PssrError(
        "UNSUPPORTED_PIXELS",
        `page ${pages.length + 1} of the TIFF file has ${page.height}×${page.width} ${page.dtype} pixels, the first ${start.height}×${start.width} ${start.dtype}: all pages must be alike; save others as files of their own`,
      );
    }
    pages.push(page);
    checkLimits([pages.length, page.height, page.width], page.dtype, limits);
  }
  if (first === undefined) throw corrupt("it has no page");
  const { height, width, dtype } = pages[0]!;
  const shape = pages.length === 1 ? [height, width] : [pages.length, height, width];
  const pixels = createPixelArray(pages.length === 1 ? "yx" : "zyx", shape, dtype);
  pages.forEach((page, index) => {
    readPage(bytes, page, header.littleEndian, pixels, index);
  });
  return { pixels, format: "tiff", ...pixelSizeOf(first), ...levelsOf(first, dtype) };
}

interface Page {
  readonly width: number;
  readonly height: number;
  readonly dtype: Dtype;
  readonly compression: number;
  readonly differences: boolean;
  readonly inverted: boolean;
  readonly blockWidth: number;
  readonly blockHeight: number;
  readonly tiled: boolean;
  readonly offsets: readonly number[];
  readonly byteCounts: readonly number[];
}

function pageOf(directory: Directory, limits: DecodeLimits): Page {
  const [width, height] = [one(directory, tag.imageWidth, 0), one(directory, tag.imageLength, 0)];
  if (!(width >= 1 && height >= 1) || !Number.isInteger(width) || !Number.isInteger(height))
    throw corrupt("a page has no size");
  const dtype = dtypeOf(directory);
  checkLimits([height, width], dtype, limits);
  const scheme = one(directory, tag.compression, 1);
  const predictor = one(directory, tag.predictor, 1);
  if (!Object.values<number>(compression).includes(scheme)) {
    throw unsupported(`compressed by scheme ${scheme}`, "save it uncompressed, or with LZW or deflate");
  }
  if (predictor !== 1 && (predictor !== 2 || dtype === "float32")) {
    throw unsupported(`compressed with predictor ${predictor}`, "save it without predictor");
  }
  const photometric = one(directory, tag.photometric, 1);
  const tiled = directory.numbers.has(tag.tileWidth);
  const blockWidth = tiled ? one(directory, tag.tileWidth, 0) : width;
  const blockHeight = tiled
    ? one(directory, tag.tileLength, 0)
    : Math.min(height, one(directory, tag.rowsPerStrip, height));
  if (!(blockWidth >= 1 && blockHeight >= 1)) throw corrupt("its strips or tiles have no size");
  checkLimits([blockHeight, blockWidth], dtype, limits);
  const offsets = directory.numbers.get(tiled ? tag.tileOffsets : tag.stripOffsets) ?? [];
  const byteCounts = directory.numbers.get(tiled ? tag.tileByteCounts : tag.stripByteCounts) ?? [];
  const blocks = Math.ceil(width / blockWidth) * Math.ceil(height / blockHeight);
  if (offsets.length < blocks || byteCounts.length < blocks) throw corrupt("strips or tiles are missing");
  return {
    ...{ width, height, dtype, blockWidth, blockHeight, tiled, offsets, byteCounts },
    compression: scheme,
    differences: predictor === 2,
    inverted: photometric === 0,
  };
}

function dtypeOf(directory: Directory): Dtype {
  const samples = one(directory, tag.samplesPerPixel, 1);
  const photometric = one(directory, tag.photometric, 1);
  const remedy = "convert it to greyscale of 8 or 16 bits";
  if (samples !== 1) throw unsupported(`of ${samples} samples a pixel`, remedy);
  if (photometric !== 0 && photometric !== 1)
    throw unsupported(photometric === 3 ? "with a palette" : "in colour", remedy);
  if (one(directory, tag.fillOrder, 1) !== 1) throw unsupported("with reversed bits", "save it with fill order 1");
  const [bits, format] = [one(directory, tag.bitsPerSample, 1), one(directory, tag.sampleFormat, 1)];
  if (format === 1 && bits === 8) return "uint8";
  if (format === 1 && bits === 16) return "uint16";
  if (format === 3 && bits === 32 && photometric === 1) return "float32";
  const kind = format === 3 ? "floating-point" : format === 2 ? "signed" : "unsigned";
  throw unsupported(`of ${bits}-bit ${kind} pixels`, remedy);
}

function readPage(bytes: Uint8Array, page: Page, littleEndian: boolean, target: PixelArray, index: number): void {
  const plane: PixelData = target.data.subarray(
    index * page.width * page.height,
    (index + 1) * page.width * page.height,
  );
  const across = Math.ceil(page.width / page.blockWidth);
  const down = Math.ceil(page.height / page.blockHeight);
  for (let i = 0; i < across * down; i++) {
    const [offset, length] = [page.offsets[i]!, page.byteCounts[i]!];
    if (offset + length > bytes.length) throw corrupt("it ends within its pixels");
    const top = Math.floor(i / across) * page.blockHeight;
    const left = (i % across) * page.blockWidth;
    const block: Block = {
      ...{ top, left, width: page.blockWidth, dtype: page.dtype },
      height: page.tiled ? page.blockHeight : Math.min(page.blockHeight, page.height - top),
    };
    const raw = blockBytes(bytes.subarray(offset, offset + length), page.compression, block);
    storeBlock(raw, block, { ...page, littleEndian }, plane);
  }
}

function one(directory: Directory, name: number, missing: number): number {
  return directory.numbers.get(name)?.[0] ?? missing;
}

function unsupported(what: string, remedy: string): PssrError {
  return new PssrError("UNSUPPORTED_PIXELS", `the TIFF file is ${what}: ${remedy}`);
}
