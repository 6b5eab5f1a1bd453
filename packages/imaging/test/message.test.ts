import assert from "node:assert/strict";
import { test } from "node:test";
import { DataType, isPssrError, PixelBlock } from "@pssr/api";
import {
  createPixelArray,
  fromDataType,
  fromIntensityLevels,
  fromPixelBlock,
  toIntensityLevels,
  toPixelBlock,
} from "@pssr/imaging";

test("pixels of every type survive the wire", () => {
  for (const data of [Uint8Array.of(1, 2, 255), Uint16Array.of(1, 258, 65535), Float32Array.of(-1.5, 0, 1e9)]) {
    const pixels = createPixelArray("zyx", [3, 1, 1], data);
    const block = PixelBlock.decode(PixelBlock.encode(toPixelBlock(pixels, [4, 0, 7])).finish());
    assert.deepEqual(block.origin, [4n, 0n, 7n]);
    assert.deepEqual(fromPixelBlock(block), pixels);
  }
});

test("a part of an array goes out as that part only", () => {
  const rows = createPixelArray("yx", [1, 2], Uint16Array.of(9, 8, 7, 6).subarray(2));
  assert.deepEqual([...toPixelBlock(rows).data], [7, 0, 6, 0]);
});

test("blocks whose parts do not fit together are refused", () => {
  const block = toPixelBlock(createPixelArray("yx", [2, 2], "uint16"));
  const refused = (wrong: Partial<PixelBlock>, reason: "INVALID_FIELD" | "UNSUPPORTED_PIXELS") =>
    assert.throws(
      () => fromPixelBlock({ ...block, ...wrong }),
      (error) => isPssrError(error, reason),
    );
  refused({ shape: [2n, 3n] }, "INVALID_FIELD");
  refused({ axes: "xy" }, "INVALID_FIELD");
  refused({ dataType: DataType.DATA_TYPE_UNSPECIFIED }, "UNSUPPORTED_PIXELS");
});

test("levels keep their source; those without one are the caller's; no levels are refused with their field", () => {
  const measured = { black: 3, white: 9, source: "PERCENTILE" } as const;
  assert.deepEqual(fromIntensityLevels(toIntensityLevels(measured), "image.levels"), measured);
  assert.equal(fromIntensityLevels({ black: 0, white: 1, source: 0 }, "image.levels").source, "CALLER");
  assert.throws(
    () => fromIntensityLevels({ black: 1, white: 1, source: 0 }, "image.levels"),
    (error) => isPssrError(error, "INVALID_FIELD") && error.field === "image.levels",
  );
  assert.throws(
    () => fromDataType(99 as DataType, "image"),
    (error) => isPssrError(error, "UNSUPPORTED_PIXELS") && error.field === "image",
  );
});

test("a block that was decoded out of a larger Buffer, as gRPC hands it over, has its own pixels", () => {
  const pixels = createPixelArray("yx", [2, 3], Uint16Array.of(1, 2, 3, 4, 500, 60000));
  const encoded = PixelBlock.encode(toPixelBlock(pixels)).finish();
  const received = Buffer.concat([Buffer.alloc(3), encoded]).subarray(3);
  assert.deepEqual(fromPixelBlock(PixelBlock.decode(received)), pixels);
});
