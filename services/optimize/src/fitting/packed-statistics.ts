/** The statistics of tiles as bytes, for a fit that goes on after its process has ended: all numbers as they are, compressed. */
import { deflateSync, inflateSync } from "node:zlib";
import { PssrError } from "@pssr/api";
import { sumsOfTile as arrays, type TileStatistics } from "../statistics/tile-statistics.js";

const VERSION = 1;
/** What a hundred tiles take is below a tenth of it. */
const MOST_BYTES = 64 * 1024 * 1024;

/** A header of the version, the number of tiles and the length of each array, then their numbers, little-endian. */
export function packStatistics(tiles: readonly TileStatistics[]): Uint8Array {
  const [first] = tiles;
  const header = [VERSION, tiles.length, ...arrays.map((name) => first?.[name].length ?? 0)];
  const numbers = tiles.flatMap((tile) => [tile.pixels, ...arrays.flatMap((name) => [...tile[name]])]);
  const view = new DataView(new ArrayBuffer(8 * (header.length + numbers.length)));
  [...header, ...numbers].forEach((number, n) => view.setFloat64(8 * n, number, true));
  return deflateSync(new Uint8Array(view.buffer));
}

/** Throws RECORD_TOO_NEW for what a newer release wrote, OBJECT_CORRUPT for what is no statistics. */
export function unpackStatistics(bytes: Uint8Array): TileStatistics[] {
  const numbers = numbersOf(bytes);
  if (numbers[0]! > VERSION) {
    const message = `the statistics of a fit have version ${numbers[0]}, this release reads version ${VERSION}: run a newer release`;
    throw new PssrError("RECORD_TOO_NEW", message);
  }
  const count = numbers[1]!;
  const lengths = numbers.subarray(2, 2 + arrays.length);
  const perTile = 1 + lengths.reduce((sum, length) => sum + length, 0);
  if (numbers.length !== 2 + arrays.length + count * perTile) throw corrupt("their lengths do not fit together");
  let at = 2 + arrays.length;
  const take = (length: number) => {
    at += length;
    return numbers.slice(at - length, at);
  };
  return Array.from({ length: count }, () => {
    const [pixels] = take(1);
    const own = Object.fromEntries(arrays.map((name, n) => [name, take(lengths[n]!)]));
    return { pixels: pixels!, ...own } as TileStatistics;
  });
}

function numbersOf(bytes: Uint8Array): Float64Array {
  let plain: Buffer;
  try {
    plain = inflateSync(bytes, { maxOutputLength: MOST_BYTES });
  } catch (cause) {
    throw corrupt("they cannot be decompressed", cause);
  }
  if (plain.length % 8 !== 0 || plain.length < 8 * (2 + arrays.length)) throw corrupt("they are cut off");
  const view = new DataView(plain.buffer, plain.byteOffset, plain.length);
  return Float64Array.from({ length: plain.length / 8 }, (_, n) => view.getFloat64(8 * n, true));
}

function corrupt(problem: string, cause?: unknown): PssrError {
  const message = `the statistics that a fit goes on from are damaged: ${problem}; fit again, or restore a backup`;
  return new PssrError("OBJECT_CORRUPT", message, { cause });
}
