import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import {
  copyRegion,
  copyRows,
  createPixelArray,
  intensityMap,
  mapToPixels,
  mapValues,
  resolveLevels,
} from "@pssr/imaging";
import { measureLevels } from "../../dist/pixels/levels.js";
import { lcgValues, readGolden } from "../golden/goldens.js";

const invalid = (error: unknown) => isPssrError(error, "INVALID_FIELD");

test("axes out of order, wrong shapes and lengths are refused", () => {
  for (const [axes, shape] of [
    ["xy", [2, 2]],
    ["zy", [2, 2]],
    ["yx", [2]],
    ["yx", [2, 0]],
    ["yx", [2, 1.5]],
    ["ztyx", [1, 1, 2, 2]],
  ] as const) {
    assert.throws(() => createPixelArray(axes, shape, "uint8"), invalid);
  }
  assert.throws(() => createPixelArray("yx", [2, 2], new Uint8Array(5)), invalid);
});

test("a region of a stack holds the pixels of its place", () => {
  const stack = createPixelArray(
    "zyx",
    [3, 4, 5],
    Uint16Array.from({ length: 60 }, (_, i) => i),
  );
  const region = copyRegion(stack, { start: [1, 2, 1], shape: [2, 2, 3] });
  assert.deepEqual([...region.data], [31, 32, 33, 36, 37, 38, 51, 52, 53, 56, 57, 58]);
  const target = createPixelArray("zyx", [2, 2, 4], "uint16");
  copyRows(region, [0, 0, 0], target, [0, 0, 1], [2, 2, 3]);
  assert.deepEqual([...target.data], [0, 31, 32, 33, 0, 36, 37, 38, 0, 51, 52, 53, 0, 56, 57, 58]);
  for (const start of [
    [2, 0, 0],
    [-1, 0, 0],
    [0, 3, 0],
  ]) {
    assert.throws(() => copyRegion(stack, { start, shape: [2, 2, 3] }), invalid);
  }
});

test("percentiles are numpy's", () => {
  const golden = readGolden<Record<"uint16" | "float32", { seed: number; values: [number, number] }>>("percentiles");
  const deep = Uint16Array.from(lcgValues(golden.uint16.seed, 30000), (state) => (state >>> 16) % 4096);
  const real = Float32Array.from(lcgValues(golden.float32.seed, 30000), (state) => (state >>> 8) / 2 ** 24);
  for (const [data, { values }, tolerance] of [
    [deep, golden.uint16, 1e-9],
    [real, golden.float32, 1e-7],
  ] as const) {
    const { black, white, source } = measureLevels(createPixelArray("yx", [200, 150], data));
    assert.equal(source, "PERCENTILE");
    assert.ok(Math.abs(black - values[0]) < tolerance);
    assert.ok(Math.abs(white - values[1]) < tolerance);
  }
});

test("percentiles of a sample are close to those of all pixels, also with striped columns", () => {
  const stripes = Uint16Array.from({ length: 256 * 256 }, (_, i) => (i % 2) * 1000 + (i % 256));
  const pixels = createPixelArray("yx", [256, 256], stripes);
  const [all, some] = [measureLevels(pixels), measureLevels(pixels, 5000)];
  assert.ok(Math.abs(all.black - some.black) < 20);
  assert.ok(Math.abs(all.white - some.white) < 20);
});

test("sparse and constant images get levels of non-zero width", () => {
  const sparse = new Uint8Array(10000);
  sparse[77] = 9;
  assert.deepEqual(measureLevels(createPixelArray("yx", [100, 100], sparse)), {
    black: 0,
    white: 9,
    source: "PERCENTILE",
  });
  const constant = createPixelArray("yx", [2, 2], new Uint16Array(4).fill(300));
  assert.deepEqual(measureLevels(constant), { black: 300, white: 301, source: "PERCENTILE" });
  const empty = createPixelArray("yx", [1, 2], new Float32Array(2).fill(Number.NaN));
  assert.deepEqual(measureLevels(empty), { black: 0, white: 1, source: "PERCENTILE" });
});

test("the caller's levels come before the metadata's, and these before percentiles", () => {
  const pixels = createPixelArray("yx", [1, 2], Uint8Array.from([3, 9]));
  const [caller, metadata] = [
    { black: 1, white: 2 },
    { black: 0, white: 4095 },
  ];
  assert.deepEqual(resolveLevels(pixels, { caller, metadata }), { black: 1, white: 2, source: "CALLER" });
  assert.deepEqual(resolveLevels(pixels, { metadata }), { black: 0, white: 4095, source: "METADATA" });
  assert.equal(resolveLevels(pixels).source, "PERCENTILE");
  assert.throws(() => resolveLevels(pixels, { caller: { black: 2, white: 2 } }), invalid);
});

test("levels go to levels, and the way back cancels", () => {
  const image = { black: 100, white: 4095 };
  const network = { black: -1, white: 1 };
  const values = new Float32Array(6);
  const pixels = Uint16Array.from([0, 100, 2000, 4095, 5000, 65535]);
  mapValues(pixels, intensityMap(image, network), values);
  assert.equal(values[1], -1);
  assert.ok(Math.abs(values[3]! - 1) < 1e-6);
  const back = new Uint16Array(6);
  assert.equal(mapToPixels(values, intensityMap(network, image), back), 0);
  assert.deepEqual(back, pixels);
});

test("values that become whole-number pixels are rounded, clipped, and counted where they are clipped", () => {
  const values = Float32Array.from([-0.6, -0.4, 0.5, 254.4, 255.4, 255.5, 1e9, Number.NaN, Number.NEGATIVE_INFINITY]);
  const pixels = new Uint8Array(9);
  assert.equal(mapToPixels(values, { gain: 1, offset: 0 }, pixels), 5);
  assert.deepEqual([...pixels], [0, 0, 1, 254, 255, 255, 255, 0, 0]);
});
