import assert from "node:assert/strict";
import { test } from "node:test";
import type { FitImages, SourceImage } from "../../dist/fits/source-images.js";
import { greyLevels } from "../../dist/tiles/grey-levels.js";
import { refusal } from "../fixtures/world.js";

type Facts = Partial<Pick<SourceImage, "dtype">> & { measured?: true };

function image(field: string, black: number, white: number, { dtype = "uint8", measured }: Facts = {}): SourceImage {
  const levels = { black, white, source: measured ? ("PERCENTILE" as const) : ("METADATA" as const) };
  return { name: field, field, shape: [64, 64], dtype, pixelSizeNm: 0, levels };
}

function imagesOf(parts: Partial<FitImages>): FitImages {
  return { pairs: [], low: [], high: [], scans: [], darkFrames: [], ...parts };
}

test("what was declared of a low-resolution image is kept", () => {
  const pair = { low: image("low", 3, 200), high: image("high", 5, 250) };
  const levelsOf = greyLevels(imagesOf({ pairs: [pair] }));
  assert.deepEqual(levelsOf(pair.low), { black: 3, white: 200 });
  assert.deepEqual(levelsOf(pair.high), { black: 5, white: 250 });
});

test("levels that were measured on noisy pixels give way to those of the high-resolution image of the same type", () => {
  const pair = { low: image("low", 0, 255, { measured: true }), high: image("high", 20, 180, { measured: true }) };
  const levelsOf = greyLevels(imagesOf({ pairs: [pair] }));
  const expected = { black: 20, white: 180, saturation: [0, 255] };
  assert.deepEqual(levelsOf(pair.high), expected);
  assert.deepEqual(levelsOf(pair.low), expected);
  const declared = { low: image("low", 0, 255, { measured: true }), high: image("high", 20, 180) };
  assert.deepEqual(greyLevels(imagesOf({ pairs: [declared] }))(declared.low), { black: 20, white: 180 });
  const other = { low: image("low", 0, 1, { measured: true, dtype: "float32" }), high: image("high", 20, 180) };
  assert.deepEqual(greyLevels(imagesOf({ pairs: [other] }))(other.low), {
    black: 0,
    white: 1,
    saturation: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  });
});

test("of images that are no pairs it is the mean of all high-resolution ones", () => {
  const low = [image("low", 0, 255, { measured: true })];
  const high = [image("a", 10, 200), image("b", 30, 240), image("c", 0, 60000, { dtype: "uint16" })];
  const levelsOf = greyLevels(imagesOf({ low, high }));
  assert.deepEqual(levelsOf(low[0]!), { black: 20, white: 220 });
  assert.deepEqual(levelsOf(high[1]!), { black: 30, white: 240 });
});

test("a detector's images have the levels of what it took, dark frames too", () => {
  const scan = {
    first: image("first", 12, 220, { measured: true }),
    second: image("second", 14, 210, { measured: true }),
  };
  const dark = image("dark", 8, 31, { measured: true });
  const alone = greyLevels(imagesOf({ scans: [scan], darkFrames: [dark] }));
  const expected = { black: 12, white: 220, saturation: [0, 255] };
  assert.deepEqual([alone(scan.first), alone(scan.second), alone(dark)], [expected, expected, expected]);
  const pair = { low: image("low", 0, 255), high: image("high", 5, 250) };
  const beside = greyLevels(imagesOf({ pairs: [pair], scans: [scan], darkFrames: [dark] }));
  const [first, second] = [beside(scan.first), beside(dark)];
  assert.deepEqual(
    [first, second],
    [
      { black: 0, white: 255 },
      { black: 0, white: 255 },
    ],
  );
  assert.deepEqual(greyLevels(imagesOf({ darkFrames: [dark] }))(dark), { black: 0, white: 255 });
  const deep = image("fit.detector_images.dark_frames[0]", 90, 110, { measured: true, dtype: "uint16" });
  assert.throws(
    () => greyLevels(imagesOf({ darkFrames: [deep] })),
    refusal("UNSUITABLE_IMAGES", "fit.detector_images.dark_frames[0]"),
  );
});
