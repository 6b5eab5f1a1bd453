/** Reads the PNG files that reports are, for tests: 8 bits each of red, green and blue, rows as differences to the one above. */
import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";

export interface Picture {
  width: number;
  height: number;
  at(x: number, y: number): [red: number, green: number, blue: number];
}

export function readRgbPng(bytes: Uint8Array): Picture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  assert.deepEqual([...bytes.subarray(24, 29)], [8, 2, 0, 0, 0]);
  assert.equal(String.fromCharCode(...bytes.subarray(37, 41)), "IDAT");
  const rows = inflateSync(bytes.subarray(41, 41 + view.getUint32(33)));
  const length = 3 * width;
  assert.equal(rows.length, height * (1 + length));
  const pixels = new Uint8Array(height * length);
  for (let y = 0; y < height; y++) {
    assert.equal(rows[y * (1 + length)], 2);
    for (let i = 0; i < length; i++) {
      pixels[y * length + i] = rows[y * (1 + length) + 1 + i]! + (y === 0 ? 0 : pixels[(y - 1) * length + i]!);
    }
  }
  return {
    width,
    height,
    at: (x, y) => [...pixels.subarray(y * length + 3 * x, y * length + 3 * x + 3)] as [number, number, number],
  };
}
