import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { Loss } from "../../dist/learning/losses.js";
import { MsSsim } from "../../dist/learning/ms-ssim.js";
import { loadTensorFlow } from "../../dist/learning/tensorflow.js";

interface GoldenCase {
  shape: [number, number, number, number];
  scales: number;
  msSsim: number;
  gradientNorm: number;
  gradientHead: number[];
}
const golden = JSON.parse(readFileSync(new URL("../../test/golden/ms-ssim.json", import.meta.url), "utf8")) as {
  cases: GoldenCase[];
};
const tf = loadTensorFlow();

/** The formula of golden/make.py. */
function images([batch, height, width, channels]: GoldenCase["shape"]): { clean: Float32Array; noisy: Float32Array } {
  const clean = new Float32Array(batch * height * width * channels);
  const noisy = new Float32Array(clean.length);
  let i = 0;
  for (let b = 0; b < batch; b++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < channels; c++, i++) {
          const wave = 0.25 * Math.sin(0.11 * x + 0.7 * b + c) * Math.cos(0.07 * y);
          const value = 0.5 + wave + 0.15 * Math.sin(0.9 * x + 1.3 * y);
          const noise = ((x * 7919 + y * 104729 + b * 1299709 + c * 15485863) % 1009) / 1009 - 0.5;
          clean[i] = value;
          noisy[i] = value + 0.3 * noise;
        }
      }
    }
  }
  return { clean, noisy };
}

for (const { shape, scales, msSsim, gradientNorm, gradientHead } of golden.cases) {
  test(`MS-SSIM and its gradient equal TensorFlow's own on ${shape.join("×")} (${scales} scales)`, () => {
    const { clean, noisy } = images(shape);
    const measure = new MsSsim(tf, shape[1], shape[2]);
    assert.equal(measure.scales, scales);
    const target = tf.tensor4d(clean, shape);
    const { value, grad } = tf.valueAndGrad((x) => measure.measure(target, x as Tensor4D))(tf.tensor4d(noisy, shape));
    assert.ok(Math.abs(value.dataSync()[0]! - msSsim) < 1e-5, `${value.dataSync()[0]} is not ${msSsim}`);
    const found = grad.dataSync<"float32">();
    const norm = Math.hypot(...found);
    assert.ok(Math.abs(norm / gradientNorm - 1) < 1e-3, `gradient norm ${norm} is not ${gradientNorm}`);
    const row = Math.floor(shape[1] / 2) * shape[2] * shape[3];
    gradientHead.forEach((expected, i) => {
      const actual = found[row + i * shape[3]]!;
      assert.ok(Math.abs(actual - expected) < 1e-3 * gradientNorm, `gradient ${i}: ${actual} is not ${expected}`);
    });
  });
}

for (const side of [1, 5, 11, 21, 32]) {
  for (const [name, value] of [
    ["constant", () => 0.5],
    ["black", () => 0],
    ["inverted", (i: number) => (i % 7) / 7],
  ] as const) {
    test(`the loss and its gradient are finite on ${name} tiles of ${side} pixels`, () => {
      const shape: [number, number, number, number] = [2, side, side, 1];
      const target = Float32Array.from({ length: 2 * side * side }, (_, i) => value(i));
      const predicted = name === "inverted" ? target.map((v) => 1 - v) : target;
      const loss = new Loss(tf, { msSsimShare: 0.8 }, side, side);
      const hr = tf.tensor4d(target, shape);
      const { value: found, grad } = tf.valueAndGrad((x) => loss.measure(x as Tensor4D, hr).loss)(
        tf.tensor4d(predicted, shape),
      );
      assert.ok(Number.isFinite(found.dataSync()[0]));
      assert.ok(grad.dataSync().every(Number.isFinite));
      if (name !== "inverted") assert.ok(Math.abs(found.dataSync()[0]!) < 1e-5, "equal tiles have no loss");
    });
  }
}
