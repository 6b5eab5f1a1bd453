/** Reads the chain of image file directories of a TIFF or BigTIFF file, trusting none of its counts and offsets. */
import { PssrError } from "@pssr/api";
import { tag, type } from "./tags.js";

/** The values of one page's tags that concern us: numbers (a rational is its quotient), or text. */
export interface Directory {
  readonly numbers: ReadonlyMap<number, readonly number[]>;
  readonly text: ReadonlyMap<number, string>;
}

export interface TiffHeader {
  readonly littleEndian: boolean;
  readonly big: boolean;
}

/** @returns undefined if the bytes do not begin as a TIFF file does */
export function readHeader(bytes: Uint8Array): TiffHeader | undefined {
  const order = String.fromCharCode(bytes[0] ?? 0, bytes[1] ?? 0);
  if (bytes.length < 8 || (order !== "II" && order !== "MM")) return undefined;
  const littleEndian = order === "II";
  const version = viewOf(bytes).getUint16(2, littleEndian);
  return version === 42 || version === 43 ? { littleEndian, big: version === 43 } : undefined;
}

const wanted: ReadonlySet<number> = new Set(Object.values(tag));
/** Bytes of one value, and how it is read. */
const readers: Record<number, [size: number, read: (view: DataView, at: number, littleEndian: boolean) => number]> = {
  [type.byte]: [1, (view, at) => view.getUint8(at)],
  [type.short]: [2, (view, at, little) => view.getUint16(at, little)],
  [type.long]: [4, (view, at, little) => view.getUint32(at, little)],
  [type.rational]: [8, (view, at, little) => view.getUint32(at, little) / view.getUint32(at + 4, little)],
  [type.float]: [4, (view, at, little) => view.getFloat32(at, little)],
  [type.double]: [8, (view, at, little) => view.getFloat64(at, little)],
  [type.long8]: [8, (view, at, little) => safe(view.getBigUint64(at, little))],
};

/**
 * Yields the directories in order. @throws PssrError IMAGE_CORRUPT if one lies outside the file, is visited twice, or if
 * all together hold more than the file has room for
 */
export function* readDirectories(bytes: Uint8Array, { littleEndian, big }: TiffHeader): Generator<Directory> {
  const view = viewOf(bytes);
  const wide = (at: number) => (big ? safe(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian));
  const [countSize, entrySize, inlineSize, offsetSize] = big ? [8, 20, 8, 8] : [2, 12, 4, 4];
  if (big && (view.getUint16(4, littleEndian) !== 8 || view.getUint16(6, littleEndian) !== 0))
    throw corrupt("wrong header");
  const visited = new Set<number>();
  let room = bytes.length; // directories and their values may not overlap: so no file can make us read more than its size
  for (let at = wide(big ? 8 : 4); at !== 0; ) {
    if (visited.has(at)) throw corrupt("its pages form a circle");
    visited.add(at);
    const entries = big ? wide(at) : view.getUint16(at, littleEndian);
    room -= entries * entrySize;
    if (room < 0 || at + countSize + entries * entrySize + offsetSize > bytes.length)
      throw corrupt("it ends within a directory");
    const [numbers, text] = [new Map<number, number[]>(), new Map<number, string>()];
    for (let entry = at + countSize; entry < at + countSize + entries * entrySize; entry += entrySize) {
      const name = view.getUint16(entry, littleEndian);
      const kind = view.getUint16(entry + 2, littleEndian);
      const reader = readers[kind];
      if (!wanted.has(name) || (reader === undefined && kind !== type.ascii)) continue;
      const count = wide(entry + 4);
      const length = count * (reader?.[0] ?? 1);
      const field = entry + 4 + offsetSize;
      const start = length <= inlineSize ? field : wide(field);
      if (length > inlineSize) room -= length;
      if (room < 0 || start + length > bytes.length) throw corrupt(`the values of tag ${name} lie outside of it`);
      if (reader === undefined) text.set(name, readText(bytes.subarray(start, start + length)));
      else
        numbers.set(
          name,
          Array.from({ length: count }, (_, i) => reader[1](view, start + i * reader[0], littleEndian)),
        );
    }
    yield { numbers, text };
    at = wide(at + countSize + entries * entrySize);
  }
}

export function corrupt(what: string): PssrError {
  return new PssrError("IMAGE_CORRUPT", `the TIFF file is damaged (${what}): export it again`);
}

function readText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function safe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw corrupt("an offset is out of range");
  return Number(value);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
