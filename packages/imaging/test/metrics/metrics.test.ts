import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { applyAffine, createPixelArray, type Dtype, fitAffine, psnr, ssim } from "@pssr/imaging";
import { readGolden, unpack } from "../golden/goldens.js";

interface Case {
  name: string;
  dtype: Dtype;
  dataRange: number;
  reference: string;
  image: string;
  psnr: number;
  ssim: number;
  gain: number;
  offset: number;
}
const golden = readGolden<{ shape: [number, number]; cases: Case[] }>("metrics");

for (const expected of golden.cases) {
  const reference = createPixelArray("yx", golden.shape, unpack(expected.dtype, expected.reference));
  const image = createPixelArray("yx", golden.shape, unpack(expected.dtype, expected.image));
  test(`${expected.name}: PSNR and SSIM are scikit-image's`, () => {
    assert.ok(Math.abs(psnr(reference, image, expected.dataRange) - expected.psnr) < 1e-5);
    assert.ok(Math.abs(ssim(reference, image, expected.dataRange) - expected.ssim) < 1e-5);
  });
  test(`${expected.name}: the affine fit is numpy's where the gain is positive`, () => {
    const fit = fitAffine(reference, image);
    assert.equal(fit.fitted, expected.gain > 0);
    if (fit.fitted) {
      assert.ok(Math.abs(fit.gain / expected.gain - 1) < 1e-6);
      assert.ok(Math.abs(fit.offset - expected.offset) < 1e-6 * expected.dataRange);
    }
  });
}

const first = golden.cases[0]!;
const photo = createPixelArray("yx", golden.shape, unpack(first.dtype, first.reference));

test("equal images: PSNR is infinite, SSIM is 1", () => {
  assert.equal(psnr(photo, photo, 255), Number.POSITIVE_INFINITY);
  assert.ok(Math.abs(ssim(photo, photo, 255) - 1) < 1e-12);
});

test("an inverted or constant image is not fitted, and scores as it is", () => {
  const inverted = createPixelArray(
    "yx",
    golden.shape,
    photo.data.map((value) => 255 - value),
  );
  const constant = createPixelArray("yx", golden.shape, new Uint8Array(photo.data.length).fill(7));
  for (const image of [inverted, constant]) {
    const fit = fitAffine(photo, image);
    assert.deepEqual(fit, { gain: 1, offset: 0, fitted: false });
    assert.equal(psnr(photo, applyAffine(image, fit), 255), psnr(photo, image, 255));
  }
});

test("a dimmed image is brought back by the fit", () => {
  const dimmed = createPixelArray(
    "yx",
    golden.shape,
    Float32Array.from(photo.data, (value) => value * 0.25 + 100),
  );
  const fitted = applyAffine(dimmed, fitAffine(photo, dimmed));
  assert.ok(psnr(photo, dimmed, 255) < 20);
  assert.ok(psnr(photo, fitted, 255) > 100);
});

test("SSIM of a stack is the mean over its planes", () => {
  const noise = unpack("uint8", golden.cases[1]!.image);
  const [a, b] = [0, 1].map(() => createPixelArray("zyx", [2, ...golden.shape], "uint8")) as [
    typeof photo,
    typeof photo,
  ];
  for (const z of [0, 1]) a.data.set(photo.data, z * photo.data.length);
  b.data.set(photo.data, 0);
  b.data.set(noise, photo.data.length);
  assert.ok(Math.abs(ssim(a, b, 255) - (1 + golden.cases[1]!.ssim) / 2) < 1e-5);
});

test("images of two shapes, and images smaller than the window, are refused", () => {
  const small = createPixelArray("yx", [6, 20], "uint8");
  assert.throws(
    () => psnr(photo, small, 255),
    (error) => isPssrError(error, "SHAPE_MISMATCH"),
  );
  assert.throws(
    () => fitAffine(photo, small),
    (error) => isPssrError(error, "SHAPE_MISMATCH"),
  );
  assert.throws(
    () => ssim(small, small, 255),
    (error) => isPssrError(error, "INVALID_FIELD"),
  );
  assert.throws(
    () => psnr(photo, photo, 0),
    (error) => isPssrError(error, "INVALID_FIELD"),
  );
});
