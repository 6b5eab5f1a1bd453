import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { isPssrError } from "@pssr/api";
import {
  createPixelArray,
  type Dtype,
  decodeImage,
  encodePng,
  encodeRgbPng,
  encodeTiff,
  memorySource,
  type PixelArray,
  type TiffOptions,
  tiffSource,
} from "@pssr/imaging";
import { pattern } from "./fixture-files.js";

const limits = { maxPixels: 1e8, maxBytes: 4e8 };
const image = (dtype: Dtype, axes: string, ...shape: number[]) => createPixelArray(axes, shape, pattern(dtype, shape));

async function tiffBytes(pixels: PixelArray, options: TiffOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeTiff(tiffSource(memorySource(pixels)), options)) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

for (const dtype of ["uint8", "uint16"] as const) {
  test(`a ${dtype} plane comes back from PNG to the bit, with its pixel size`, () => {
    const pixels = image(dtype, "yx", 31, 17);
    const decoded = decodeImage(encodePng(pixels, { pixelSizeNm: 8 }), limits);
    assert.deepEqual(decoded, { pixels, format: "png", pixelSizeNm: 8 });
  });
}

test("what a PNG file cannot hold is refused", () => {
  for (const pixels of [image("float32", "yx", 4, 4), image("uint8", "zyx", 2, 4, 4)]) {
    assert.throws(
      () => encodePng(pixels),
      (error) => isPssrError(error, "UNSUPPORTED_PIXELS"),
    );
  }
});

test("a drawing becomes a PNG file in colours, each row as the differences to the one above", () => {
  const rows = [
    [255, 0, 0, 0, 128, 9],
    [250, 10, 0, 0, 128, 10],
  ];
  const bytes = encodeRgbPng({ height: 2, width: 2, data: Uint8Array.from(rows.flat()) });
  // W3C PNG, section 11.2.2: width, height, 8 bits a sample, colour type 2, no interlacing.
  assert.deepEqual([...bytes.subarray(16, 29)], [0, 0, 0, 2, 0, 0, 0, 2, 8, 2, 0, 0, 0]);
  const length = new DataView(bytes.buffer).getUint32(33);
  const unpacked = inflateSync(bytes.subarray(41, 41 + length));
  assert.deepEqual([...unpacked], [2, ...rows[0]!, 2, 251, 10, 0, 0, 0, 1]);
  assert.throws(
    () => encodeRgbPng({ height: 2, width: 2, data: new Uint8Array(11) }),
    (error) => isPssrError(error, "SHAPE_MISMATCH"),
  );
  // Images in colours are not what this project works on: it says so.
  assert.throws(
    () => decodeImage(bytes, limits),
    (error) => isPssrError(error, "UNSUPPORTED_PIXELS") && /RGB/.test(error.message),
  );
});

for (const dtype of ["uint8", "uint16", "float32"] as const) {
  for (const compression of ["NONE", "DEFLATE"] as const) {
    for (const bigTiff of [false, true]) {
      test(`a ${dtype} stack comes back from ${bigTiff ? "BigTIFF" : "TIFF"} (${compression}) to the bit`, async () => {
        const pixels = image(dtype, "zyx", 3, 31, 17);
        const levels = { black: 100, white: 4095 };
        const options = {
          compression,
          bigTiff,
          levels,
          pixelSizeNm: 2.5,
          description: "a ±1 µm slice",
          rowsPerStrip: 7,
        };
        const decoded = decodeImage(await tiffBytes(pixels, options), limits);
        assert.deepEqual(decoded.pixels, pixels);
        assert.ok(Math.abs(decoded.pixelSizeNm! - 2.5) < 1e-8);
        assert.deepEqual(decoded.levels, dtype === "uint8" ? { black: 100, white: 255 } : levels);
      });
    }
  }
}

test("the planes of a movie of stacks become pages in C order", async () => {
  const pixels = image("uint16", "tzyx", 2, 3, 5, 4);
  const decoded = decodeImage(await tiffBytes(pixels, { compression: "DEFLATE" }), limits);
  assert.deepEqual(decoded.pixels, createPixelArray("zyx", [6, 5, 4], pixels.data));
});

test("single planes of odd sizes come back from TIFF", async () => {
  for (const [height, width] of [
    [1, 1],
    [1, 5],
    [257, 3],
  ] as const) {
    const pixels = image("uint8", "yx", height, width);
    assert.deepEqual(decodeImage(await tiffBytes(pixels, {}), limits).pixels, pixels);
  }
});

test("a TIFF file beyond 4 GiB begins as BigTIFF, and its pixels are asked for strip by strip", async () => {
  let asked = 0;
  const source = {
    axes: "yx",
    shape: [200_000, 30_000],
    dtype: "uint8" as const,
    readRows: ({ rows }: { rows: number }) => {
      asked += rows;
      return new Uint8Array(rows * 30_000);
    },
  };
  const chunks = encodeTiff(source, { rowsPerStrip: 16 });
  const header = (await chunks.next()).value!;
  assert.deepEqual([...header.subarray(0, 4)], [0x49, 0x49, 43, 0]);
  await chunks.next(); // directory
  assert.equal(asked, 0);
  assert.equal((await chunks.next()).value!.length, 16 * 30_000);
  assert.equal(asked, 16);
  await chunks.return();
});

test("an aborted TIFF stream stops with the signal's reason", async () => {
  const abort = new AbortController();
  const chunks = encodeTiff(tiffSource(image("uint8", "yx", 64, 8)), { rowsPerStrip: 8 }, { signal: abort.signal });
  for (let i = 0; i < 3; i++) await chunks.next();
  abort.abort(new Error("enough"));
  await assert.rejects(chunks.next(), /enough/);
});
