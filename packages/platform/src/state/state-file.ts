/**
 * The form of a record's file: magic (8 bytes), revision (8, big-endian), length of the value (4, big-endian), first 12 bytes
 * of the value's SHA-256, value.
 */
import { createHash } from "node:crypto";
import { PssrError } from "@pssr/api";

const magic = "pssrsta1";
const digestBytes = 12;
export const stateFileHeaderBytes = 20 + digestBytes;

export function encodeStateFile(revision: bigint, value: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(stateFileHeaderBytes + value.length);
  bytes.write(magic, "latin1");
  bytes.writeBigUInt64BE(revision, 8);
  bytes.writeUInt32BE(value.length, 16);
  digest(value).copy(bytes, 20);
  bytes.set(value, stateFileHeaderBytes);
  return bytes;
}

/**
 * Reads a file of `size` bytes, of which `bytes` are all or at least the header; the value is checked where it is there. A
 * damaged file fails with OBJECT_CORRUPT.
 */
export function decodeStateFile(
  bytes: Uint8Array,
  size: number,
  path: string,
): { revision: bigint; value: Uint8Array } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sound =
    buffer.length >= stateFileHeaderBytes &&
    buffer.toString("latin1", 0, 8) === magic &&
    buffer.readUInt32BE(16) === size - stateFileHeaderBytes;
  if (!sound) throw damaged(path);
  const value = new Uint8Array(buffer.subarray(stateFileHeaderBytes));
  if (buffer.length === size && !digest(value).equals(buffer.subarray(20, 20 + digestBytes))) throw damaged(path);
  return { revision: buffer.readBigUInt64BE(8), value };
}

function digest(value: Uint8Array): Buffer {
  return createHash("sha256").update(value).digest().subarray(0, digestBytes);
}

function damaged(path: string): PssrError {
  return new PssrError(
    "OBJECT_CORRUPT",
    `the state file ${path} is damaged; restore the data directory from a backup, or move this file away to go on without its record`,
  );
}
