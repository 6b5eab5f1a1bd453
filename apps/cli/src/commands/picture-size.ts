/** How large the picture in a file is, from its first bytes: what can be told before it is sent anywhere. */
import { type FileHandle, open } from "node:fs/promises";

export interface PictureSize {
  height: number;
  width: number;
}

/** Of the first page; undefined where the file does not tell as a PNG or TIFF does. */
export async function pictureSize(file: string): Promise<PictureSize | undefined> {
  await using handle = await open(file);
  const start = await bytesAt(handle, 0, 24);
  if (start === undefined) return undefined;
  if (start.toString("latin1", 0, 8) === "\x89PNG\r\n\x1a\n") {
    return { width: start.readUInt32BE(16), height: start.readUInt32BE(20) };
  }
  const order = start.toString("latin1", 0, 2);
  return order === "II" || order === "MM" ? await tiffSize(handle, start, order === "II") : undefined;
}

/** Tags of TIFF 6.0 and BigTIFF. */
const WIDTH = 256;
const HEIGHT = 257;

async function tiffSize(handle: FileHandle, start: Buffer, littleEndian: boolean): Promise<PictureSize | undefined> {
  const number = (bytes: Buffer, at: number, length: 2 | 4 | 8): number => {
    if (length === 8) return Number(littleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
    return littleEndian ? bytes.readUIntLE(at, length) : bytes.readUIntBE(at, length);
  };
  const version = number(start, 2, 2);
  if (version !== 42 && version !== 43) return undefined;
  const layout =
    version === 43
      ? ({ offset: number(start, 8, 8), countLength: 8, entryLength: 20, value: 12 } as const)
      : ({ offset: number(start, 4, 4), countLength: 2, entryLength: 12, value: 8 } as const);
  const counted = await bytesAt(handle, layout.offset, layout.countLength);
  if (counted === undefined) return undefined;
  // A file has some dozens of tags; what claims more is no picture, and is not asked for.
  const length = layout.entryLength * Math.min(number(counted, 0, layout.countLength), 1000);
  const entries = await bytesAt(handle, layout.offset + layout.countLength, length);
  if (entries === undefined) return undefined;
  const found = new Map<number, number>();
  for (let at = 0; at < length; at += layout.entryLength) {
    const bytes = { 3: 2, 4: 4, 16: 8 }[number(entries, at + 2, 2)] as 2 | 4 | 8 | undefined;
    if (bytes !== undefined && bytes <= layout.entryLength - layout.value) {
      found.set(number(entries, at, 2), number(entries, at + layout.value, bytes));
    }
  }
  const [height, width] = [found.get(HEIGHT), found.get(WIDTH)];
  return height === undefined || width === undefined ? undefined : { height, width };
}

/** Undefined where the file ends before. */
async function bytesAt(handle: FileHandle, position: number, length: number): Promise<Buffer | undefined> {
  if (!Number.isSafeInteger(position)) return undefined;
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
  return bytesRead === length ? buffer : undefined;
}
