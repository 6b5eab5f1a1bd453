/** The chunks that a PNG file is made of (W3C PNG, section 5.3): length, type, data, CRC-32. */
import { crc32 } from "node:zlib";
import { PssrError } from "@pssr/api";

export const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

export interface Chunk {
  /** Four letters: "IHDR". */
  readonly type: string;
  /** A view of the file. */
  readonly data: Uint8Array;
}

/** All chunks up to IEND. @throws PssrError IMAGE_CORRUPT if one is cut off or its checksum does not hold */
export function* readChunks(bytes: Uint8Array): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = signature.length; ; ) {
    if (at + 12 > bytes.length) throw corrupt("it ends before its last chunk");
    const length = view.getUint32(at);
    const end = at + 12 + length;
    if (end > bytes.length) throw corrupt("it ends within a chunk");
    if (crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) throw corrupt("a checksum does not hold");
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === "IEND") return;
    yield { type, data: bytes.subarray(at + 8, end - 4) };
    at = end;
  }
}

export function writeChunk({ type, data }: Chunk): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

export function corrupt(what: string): PssrError {
  return new PssrError("IMAGE_CORRUPT", `the PNG file is damaged (${what}): export it again`);
}
