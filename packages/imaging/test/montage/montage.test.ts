import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { copyRegion, createPixelArray, montage } from "@pssr/imaging";

const panel = (value: number) => createPixelArray("yx", [20, 30], new Uint8Array(600).fill(value));

test("panels stand side by side with white between them, the label under its own", () => {
  const picture = montage([panel(10), panel(200)], ["I", ""]);
  assert.deepEqual(picture.shape, [33, 64]);
  assert.deepEqual(copyRegion(picture, { start: [0, 0], shape: [20, 30] }), panel(10));
  assert.deepEqual(copyRegion(picture, { start: [0, 34], shape: [20, 30] }), panel(200));
  assert.ok(copyRegion(picture, { start: [0, 30], shape: [33, 4] }).data.every((value) => value === 255));
  const letter = copyRegion(picture, { start: [23, 3], shape: [7, 5] });
  const drawn = [...letter.data].map((value) => (value === 0 ? "#" : "."));
  assert.deepEqual(drawn.join("").match(/.{5}/g), [".###.", "..#..", "..#..", "..#..", "..#..", "..#..", ".###."]);
  assert.ok(copyRegion(picture, { start: [20, 34], shape: [13, 30] }).data.every((value) => value === 255));
});

test("a long label is cut to its panel", () => {
  const picture = montage([panel(0), panel(0)], ["BILINEAR UPSAMPLING", ""]);
  assert.ok(copyRegion(picture, { start: [20, 28], shape: [13, 36] }).data.every((value) => value === 255));
});

test("panels of two sizes or another type are refused", () => {
  const other = createPixelArray("yx", [20, 31], "uint8");
  assert.throws(
    () => montage([panel(0), other]),
    (error) => isPssrError(error, "SHAPE_MISMATCH"),
  );
  assert.throws(
    () => montage([]),
    (error) => isPssrError(error, "SHAPE_MISMATCH"),
  );
  assert.throws(
    () => montage([panel(0)], ["a", "b"]),
    (error) => isPssrError(error, "SHAPE_MISMATCH"),
  );
  assert.throws(
    () => montage([createPixelArray("yx", [2, 2], "uint16")]),
    (error) => isPssrError(error, "UNSUPPORTED_PIXELS"),
  );
});
