import assert from "node:assert/strict";
import { test } from "node:test";
import { createPixelArray, fitAffine, psnr, resize, ssim } from "@pssr/imaging";
import { measurePair } from "../../dist/evaluation/measure-pair.js";
import { meanScores } from "../../dist/evaluation/scores.js";
import { noise } from "../fixtures/noise.js";

const pixels = (side: number, seed: number, gain = 100, offset = 128) =>
  createPixelArray(
    "yx",
    [side, side],
    Uint8Array.from(noise(side * side, seed), (value) => Math.round(gain * value + offset)),
  );

test("equal images have infinite PSNR and SSIM 1, raw and fitted", () => {
  const image = pixels(16, 3);
  const [score, ...more] = measurePair({ image, reference: image, input: undefined }, 255);
  assert.deepEqual(more, []);
  assert.equal(score!.psnr, Number.POSITIVE_INFINITY);
  assert.equal(score!.psnrFitted, Number.POSITIVE_INFINITY);
  assert.ok(Math.abs(score!.ssim - 1) < 1e-9);
  assert.deepEqual([score!.gain, score!.offset], [1, 0]);
});

test("a fit makes up for another brightness and contrast, the raw score does not", () => {
  const reference = pixels(24, 3);
  const image = pixels(24, 3, 50, 100);
  const [score] = measurePair({ image, reference, input: undefined }, 255);
  assert.ok(score!.psnr < 20);
  assert.ok(score!.psnrFitted > 45);
  assert.ok(Math.abs(score!.gain - 2) < 0.01);
});

test("an inverted image is not fitted", () => {
  const reference = pixels(24, 3);
  const image = pixels(24, 3, -100, 128);
  const [score] = measurePair({ image, reference, input: undefined }, 255);
  assert.equal(score!.psnrFitted, score!.psnr);
  assert.equal(score!.gain, 1);
});

test("an input is upsampled by its factor and measured like the image", () => {
  const reference = pixels(32, 3);
  const input = resize(reference, [8, 8], "BILINEAR");
  const scores = measurePair({ image: reference, reference, input }, 200);
  assert.deepEqual(
    scores.map(({ method }) => method),
    ["IMAGE", "BILINEAR", "BICUBIC"],
  );
  for (const kernel of ["BILINEAR", "BICUBIC"] as const) {
    const score = scores.find(({ method }) => method === kernel)!;
    const upsampled = resize(input, [32, 32], kernel);
    assert.equal(score.psnr, psnr(reference, upsampled, 200));
    assert.equal(score.ssim, ssim(reference, upsampled, 200));
    assert.equal(score.gain, fitAffine(reference, upsampled).gain);
  }
});

test("means go method by method over the pairs that have it; one infinite PSNR makes the mean infinite", () => {
  const score = { ssim: 0.5, psnrFitted: 20, ssimFitted: 0.6, gain: 3, offset: 4 };
  const means = meanScores([
    [
      { ...score, method: "IMAGE", psnr: 20 },
      { ...score, method: "BICUBIC", psnr: 10 },
    ],
    [{ ...score, method: "IMAGE", psnr: 30, ssim: 0.7 }],
    [{ ...score, method: "BICUBIC", psnr: Number.POSITIVE_INFINITY }],
  ]);
  assert.deepEqual(means, [
    { method: "IMAGE", psnr: 25, ssim: 0.6, psnrFitted: 20, ssimFitted: 0.6, gain: 0, offset: 0 },
    {
      method: "BICUBIC",
      psnr: Number.POSITIVE_INFINITY,
      ssim: 0.5,
      psnrFitted: 20,
      ssimFitted: 0.6,
      gain: 0,
      offset: 0,
    },
  ]);
});
