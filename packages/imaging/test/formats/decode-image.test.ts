import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import { isPssrError, type Reason } from "@pssr/api";
import { decodeImage } from "@pssr/imaging";
import { lcg } from "../golden/goldens.js";
import { files, pattern, readFixture } from "./fixture-files.js";

const limits = { maxPixels: 1e6, maxBytes: 4e6 };
const fails = (bytes: Uint8Array, reason: Reason, limit = limits) =>
  assert.throws(
    () => decodeImage(bytes, limit),
    (error) => isPssrError(error, reason),
  );

for (const [name, expected] of Object.entries(files)) {
  if ("reason" in expected) {
    test(`${name} is refused: ${expected.reason}`, () => fails(readFixture(name), expected.reason));
    continue;
  }
  test(`${name} is decoded`, () => {
    const image = decodeImage(readFixture(name), limits);
    assert.deepEqual(image.pixels.shape, expected.shape);
    assert.equal(image.pixels.axes, expected.shape.length === 3 ? "zyx" : "yx");
    assert.equal(image.pixels.dtype, expected.dtype);
    assert.deepEqual(image.pixels.data, pattern(expected.dtype, expected.shape));
    assert.equal(image.format, name.endsWith("png") ? "png" : "tiff");
    if (expected.pixelSizeNm === undefined) assert.equal(image.pixelSizeNm, undefined);
    else assert.ok(Math.abs(image.pixelSizeNm! / expected.pixelSizeNm - 1) < 1e-6);
    assert.deepEqual(image.levels, expected.levels);
  });
}

test("bytes that are no image are refused", () => {
  for (const text of ["", "P5 4 4 255\n", "II", "<html>", "\x89PNG", "PK\x03\x04"])
    fails(Buffer.from(text, "latin1"), "NOT_AN_IMAGE");
});

test("every truncation of a file is refused as damaged", () => {
  for (const name of [
    "grey-uint16.png",
    "interlaced.png",
    "stack-uint16.tif",
    "strips-be-uint16.tif",
    "bigtiff-le-uint8.tif",
  ]) {
    const bytes = readFixture(name);
    for (let length = 16; length < bytes.length - 16; length += 7) {
      try {
        // A TIFF file may end with what no page needs.
        const image = decodeImage(bytes.subarray(0, length), limits);
        assert.deepEqual(
          image.pixels.data,
          pattern(image.pixels.dtype, image.pixels.shape),
          `${name} cut at ${length}`,
        );
        assert.ok(name.endsWith("tif"));
      } catch (error) {
        assert.ok(isPssrError(error, "IMAGE_CORRUPT"), `${name} cut at ${length}: ${error}`);
      }
    }
  }
});

test("an image beyond the limits is refused by its header, before its pixels are looked at", () => {
  const png = readFixture("grey-uint16.png");
  fails(png, "IMAGE_TOO_LARGE", { maxPixels: 19 * 23 - 1, maxBytes: 1e6 });
  fails(png, "IMAGE_TOO_LARGE", { maxPixels: 1e6, maxBytes: 2 * 19 * 23 - 1 });
  assert.equal(decodeImage(png, { maxPixels: 19 * 23, maxBytes: 2 * 19 * 23 }).pixels.data.length, 19 * 23);
  fails(readFixture("stack-uint16.tif"), "IMAGE_TOO_LARGE", { maxPixels: 5 * 99 - 1, maxBytes: 1e6 });
  const wide = readFixture("strips-le-uint8.tif");
  const at = Buffer.from(wide).indexOf(Uint8Array.of(0, 1)); // tag 256, ImageWidth
  new DataView(wide.buffer).setUint16(at + 8, 65535, true);
  new DataView(wide.buffer).setUint16(at + 10, 65535, true);
  fails(wide, "IMAGE_TOO_LARGE");
});

test("2,000 damaged files each give an image within the limits or a typed error", () => {
  const random = lcg(20);
  const below = (n: number) => (random.next().value >>> 8) % n;
  const names = Object.keys(files);
  const small = { maxPixels: 65536, maxBytes: 262144 };
  const outcomes = new Map<string, number>();
  for (let run = 0; run < 2000; run++) {
    const name = names[run % names.length]!;
    let bytes = readFixture(name);
    for (let change = below(4); change >= 0; change--) {
      const at = below(2) === 0 ? below(bytes.length) : below(Math.min(bytes.length, 256));
      if (below(5) === 0) bytes = bytes.slice(0, Math.max(1, at));
      else bytes[at] = [0, 255, 127, 128, below(256)][below(5)]!;
    }
    let outcome = "image";
    try {
      const { pixels } = decodeImage(bytes, small);
      assert.ok(pixels.data.length <= small.maxPixels);
    } catch (error) {
      assert.ok(isPssrError(error), `${name}, run ${run}: ${error}`);
      outcome = error.reason;
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  for (const outcome of ["image", "IMAGE_CORRUPT", "UNSUPPORTED_PIXELS", "NOT_AN_IMAGE"]) {
    assert.ok((outcomes.get(outcome) ?? 0) > 20, `${outcome}: the damage is too one-sided to show anything`);
  }
});

test("a small file that would unpack to far more than it declares is refused as damaged", () => {
  const bomb = deflateSync(Buffer.alloc(32 << 20));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(8, 0);
  header.writeUInt32BE(8, 4);
  header[8] = 8;
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    checksum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, checksum]);
  };
  const signature = readFixture("rgb.png").subarray(0, 8);
  const png = [signature, chunk("IHDR", header), chunk("IDAT", bomb), chunk("IEND", Buffer.alloc(0))];
  fails(Buffer.concat(png), "IMAGE_CORRUPT");
  // In a TIFF file the first strip is made to be the bomb.
  const tiff = readFixture("deflate-le-uint16.tif");
  const file = Buffer.concat([tiff, bomb]);
  assert.ok(decodeImage(file, limits).pixels.data.length > 0);
  const entry = (tag: number) => {
    const at = file.readUInt32LE(4);
    for (let i = at + 2; ; i += 12) if (file.readUInt16LE(i) === tag) return file.readUInt32LE(i + 8);
  };
  file.writeUInt32LE(tiff.length, entry(273));
  file.writeUInt32LE(bomb.length, entry(279));
  fails(file, "IMAGE_CORRUPT");
});
