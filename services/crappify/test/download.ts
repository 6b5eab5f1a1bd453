/** Downloading and reading in tests. */
import { type FileFormat, type FileHeader, PssrError } from "@pssr/api";
import { decodeImage, type PixelArray } from "@pssr/imaging";
import type { Installation } from "./installation.js";

export interface Downloaded {
  header: FileHeader;
  bytes: Uint8Array;
  /** Largest piece of data in one message. */
  largest: number;
}

export async function download(
  { images }: Installation,
  name: string,
  format?: FileFormat,
  offset = 0n,
): Promise<Downloaded> {
  let header: FileHeader | undefined;
  const chunks: Uint8Array[] = [];
  for await (const { content } of images.downloadImage({ name, offset, ...(format === undefined ? {} : { format }) })) {
    if (content?.$case === "header") header = content.value;
    else if (content?.$case === "data") chunks.push(content.value);
  }
  if (header === undefined) throw new PssrError("INTERNAL", "a download without a header");
  return { header, bytes: Buffer.concat(chunks), largest: Math.max(0, ...chunks.map(({ length }) => length)) };
}

export function decoded(bytes: Uint8Array): PixelArray {
  return decodeImage(bytes, { maxPixels: 2 ** 28, maxBytes: 2 ** 30 }).pixels;
}

/** A region as ReadPixels sends it, put together, with the size of its largest block. */
export async function readPixels(
  { images }: Installation,
  name: string,
  region?: { start: bigint[]; shape: bigint[] },
): Promise<{ bytes: Uint8Array; largest: number }> {
  const blocks: Uint8Array[] = [];
  for await (const { data } of images.readPixels({ name, region })) blocks.push(data);
  return { bytes: Buffer.concat(blocks), largest: Math.max(...blocks.map(({ length }) => length)) };
}

export function bytesOf({ data }: PixelArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
