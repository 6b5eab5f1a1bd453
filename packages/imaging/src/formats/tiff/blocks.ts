/** A strip or tile of a TIFF page: from its bytes in the file to its place in the plane. */
import { inflateSync } from "node:zlib";
import { bytesPerPixel, type Dtype, maximumOf, type PixelData } from "../../pixels/pixel-array.js";
import { decodeLzw } from "./lzw.js";
import { corrupt } from "./read-directories.js";
import { compression } from "./tags.js";

export interface Block {
  /** First row and column within the page. */
  readonly top: number;
  readonly left: number;
  /** Rows and columns stored; a tile may reach beyond the page. */
  readonly height: number;
  readonly width: number;
  readonly dtype: Dtype;
}

export interface Layout {
  /** Size of the page. */
  readonly width: number;
  readonly height: number;
  readonly littleEndian: boolean;
  /** True if each pixel is stored as the difference to its left neighbour (predictor 2). */
  readonly differences: boolean;
  /** True if 0 means white. */
  readonly inverted: boolean;
}

/** The block's uncompressed bytes. @throws PssrError IMAGE_CORRUPT if there are too few */
export function blockBytes(stored: Uint8Array, scheme: number, block: Block): Uint8Array {
  const expected = block.width * block.height * bytesPerPixel[block.dtype];
  const raw =
    scheme === compression.none
      ? stored
      : scheme === compression.lzw
        ? decodeLzw(stored, expected)
        : inflateSync(stored, { maxOutputLength: expected });
  if (raw.length < expected) throw corrupt("a strip or tile is too short");
  return raw;
}

/** Puts the block's pixels that lie within the page into `plane`. */
export function storeBlock(raw: Uint8Array, block: Block, layout: Layout, plane: PixelData): void {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const { dtype, top, left } = block;
  const { littleEndian, differences } = layout;
  const rows = Math.min(block.height, layout.height - top);
  const columns = Math.min(block.width, layout.width - left);
  const maximum = maximumOf(dtype) ?? 0;
  for (let row = 0; row < rows; row++) {
    let at = row * block.width * bytesPerPixel[dtype];
    const to = (top + row) * layout.width + left;
    if (dtype === "uint8" && !differences) plane.set(raw.subarray(at, at + columns), to);
    else if (dtype === "float32") {
      for (let i = 0; i < columns; i++, at += 4) plane[to + i] = view.getFloat32(at, littleEndian);
    } else {
      let left = 0;
      for (let i = 0; i < columns; i++) {
        const value = dtype === "uint8" ? raw[at]! : view.getUint16(at, littleEndian);
        left = differences ? (left + value) & maximum : value;
        plane[to + i] = left;
        at += bytesPerPixel[dtype];
      }
    }
    if (layout.inverted) for (let i = to; i < to + columns; i++) plane[i] = maximum - plane[i]!;
  }
}
