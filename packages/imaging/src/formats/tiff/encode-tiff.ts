/**
 * TIFF out, as a stream: strips are read on demand and leave in the file's order, so that an image of any size can be
 * written with little memory. Beyond 4 GiB the file is a BigTIFF.
 *
 *     for await (const chunk of encodeTiff(tiffSource(pixels), { compression: "DEFLATE" }, { signal })) await file.write(chunk);
 */
import { promisify } from "node:util";
import { deflate } from "node:zlib";
import { PssrError } from "@pssr/api";
import type { BlackAndWhite } from "../../pixels/levels.js";
import { bytesPerPixel, checkAxes, type PixelData, planeCount, planeShape } from "../../pixels/pixel-array.js";
import { compression, tag, type } from "./tags.js";
import type { TiffSource } from "./tiff-source.js";
import { directoryBytes, type Field } from "./write-directory.js";

export interface TiffOptions {
  /** Default NONE. */
  readonly compression?: "NONE" | "DEFLATE" | undefined;
  /** Size of a pixel along y and x in nanometres. */
  readonly pixelSizeNm?: number | undefined;
  /** Kept as the least and greatest sample value; of integer pixels rounded outwards. */
  readonly levels?: BlackAndWhite | undefined;
  /** Text of the first page's ImageDescription. */
  readonly description?: string | undefined;
  /** Rows of a strip, at least 1. Default 256. */
  readonly rowsPerStrip?: number | undefined;
  /** Default: where the file may grow beyond 4 GiB. */
  readonly bigTiff?: boolean | undefined;
}

const deflateAsync = promisify(deflate);

/**
 * Yields the file's bytes, one page per plane. Memory: one strip; with DEFLATE one plane's compressed strips, since a
 * directory comes before its pixels and names their lengths.
 * @throws PssrError INVALID_FIELD; the signal's reason when it aborts; what the source throws
 */
export async function* encodeTiff(
  source: TiffSource,
  options: TiffOptions = {},
  { signal }: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Uint8Array, void, void> {
  checkAxes(source.axes, source.shape);
  const [height, width] = planeShape(source);
  const pages = planeCount(source);
  if (!(options.pixelSizeNm === undefined || options.pixelSizeNm > 0) || !((options.rowsPerStrip ?? 1) >= 1)) {
    throw new PssrError("INVALID_FIELD", "pixel size and rows per strip must be above zero");
  }
  const rowsPerStrip = Math.min(height, options.rowsPerStrip ?? 256);
  const strips = Math.ceil(height / rowsPerStrip);
  const rowBytes = width * bytesPerPixel[source.dtype];
  // Deflate adds at most 5 bytes per 16 KiB and a header; a directory takes under 1 KiB beside its strip tables.
  const atMost = pages * (height * rowBytes * 1.001 + strips * 32 + 1024) + (options.description?.length ?? 0) * 4;
  const big = options.bigTiff ?? atMost > 0xffffffff;
  const packed = options.compression === "DEFLATE";

  const strip = async (plane: number, index: number): Promise<Uint8Array> => {
    signal?.throwIfAborted();
    const row = index * rowsPerStrip;
    const rows = Math.min(rowsPerStrip, height - row);
    const bytes = littleEndianBytes(await source.readRows({ plane, row, rows }, { signal }));
    return packed ? deflateAsync(bytes) : bytes;
  };

  yield fileHeader(big);
  let at = big ? 16 : 8;
  for (let plane = 0; plane < pages; plane++) {
    const ready: Uint8Array[] = [];
    if (packed) for (let i = 0; i < strips; i++) ready.push(await strip(plane, i));
    const sizes = Array.from({ length: strips }, (_, i) =>
      packed ? ready[i]!.length : Math.min(rowsPerStrip, height - i * rowsPerStrip) * rowBytes,
    );
    const fields = pageFields(source, { ...options, ...(plane > 0 && { description: undefined }) }, rowsPerStrip);
    const directory = directoryBytes({ at, big, fields, sizes, last: plane === pages - 1 });
    yield directory.bytes;
    for (let i = 0; i < strips; i++) yield ready[i] ?? (await strip(plane, i));
    // Directories begin at even offsets (TIFF 6.0, section 2).
    const padding = directory.end % 2;
    if (padding > 0) yield new Uint8Array(padding);
    at = directory.end + padding;
  }
}

function fileHeader(big: boolean): Uint8Array {
  // The first directory follows the header.
  return big
    ? Uint8Array.of(0x49, 0x49, 43, 0, 8, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0)
    : Uint8Array.of(0x49, 0x49, 42, 0, 8, 0, 0, 0);
}

function pageFields(source: TiffSource, options: TiffOptions, rowsPerStrip: number): Field[] {
  const [height, width] = planeShape(source);
  const float = source.dtype === "float32";
  const short = (name: number, value: number): Field => ({ tag: name, type: type.short, values: [value] });
  const long = (name: number, value: number): Field => ({ tag: name, type: type.long, values: [value] });
  const fields: Field[] = [
    long(tag.imageWidth, width),
    long(tag.imageLength, height),
    short(tag.bitsPerSample, 8 * bytesPerPixel[source.dtype]),
    short(tag.compression, options.compression === "DEFLATE" ? compression.deflate : compression.none),
    short(tag.photometric, 1),
    short(tag.samplesPerPixel, 1),
    long(tag.rowsPerStrip, rowsPerStrip),
    short(tag.sampleFormat, float ? 3 : 1),
  ];
  if (options.description !== undefined) {
    const text = new TextEncoder().encode(`${options.description}\0`);
    fields.push({ tag: tag.imageDescription, type: type.ascii, values: [...text] });
  }
  if (options.pixelSizeNm !== undefined) {
    const values = rational(1e7 / options.pixelSizeNm); // pixels a centimetre
    fields.push({ tag: tag.xResolution, type: type.rational, values });
    fields.push({ tag: tag.yResolution, type: type.rational, values });
    fields.push(short(tag.resolutionUnit, 3));
  }
  if (options.levels !== undefined) {
    const { black, white } = options.levels;
    const top = source.dtype === "uint8" ? 255 : 65535;
    const kind = float ? type.float : type.short;
    const limit = (value: number) => Math.min(top, Math.max(0, value));
    fields.push({ tag: tag.sMinSampleValue, type: kind, values: [float ? black : limit(Math.floor(black))] });
    fields.push({ tag: tag.sMaxSampleValue, type: kind, values: [float ? white : limit(Math.ceil(white))] });
  }
  return fields;
}

/** A fraction of two 32-bit numbers, to about nine digits. */
function rational(value: number): [numerator: number, denominator: number] {
  const denominator = Math.max(1, Math.floor(0xffffffff / Math.max(1, value)));
  return [Math.min(0xffffffff, Math.round(value * denominator)), denominator];
}

/** Every platform that Node runs on with our native libraries is little-endian, as the files are. */
function littleEndianBytes(data: PixelData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
