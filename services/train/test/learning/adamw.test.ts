import assert from "node:assert/strict";
import { test } from "node:test";
import { AdamW } from "../../dist/learning/adamw.js";
import { loadTensorFlow } from "../../dist/learning/tensorflow.js";

const tf = loadTensorFlow();
const parameters = [
  { name: "weights", shape: [2, 1], decays: true },
  { name: "bias", shape: [1], decays: false },
];

function step(optimizer: AdamW, gradient: number[], learningRate = 0.1): number {
  const [weights, bias] = [tf.tensor2d(gradient.slice(0, 2), [2, 1]), tf.tensor1d(gradient.slice(2))];
  const norm = optimizer.update([weights, bias], learningRate);
  tf.dispose([weights, bias]);
  return norm;
}

test("two steps equal the algorithm worked out by hand, decay on weights only", () => {
  const spec = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.5, clipNorm: 1e9 };
  const optimizer = new AdamW(tf, parameters, AdamW.start(Float32Array.of(1, -2, 3)), spec);
  const expected = [1, -2, 3];
  const [mean, square] = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  [
    [0.3, -0.1, 2],
    [-0.2, 0.4, 1],
  ].forEach((gradient, t) => {
    step(optimizer, gradient);
    gradient.forEach((g, i) => {
      mean[i] = 0.9 * mean[i]! + 0.1 * g;
      square[i] = 0.99 * square[i]! + 0.01 * g * g;
      const direction = mean[i]! / (1 - 0.9 ** (t + 1)) / (Math.sqrt(square[i]! / (1 - 0.99 ** (t + 1))) + 1e-8);
      expected[i] = expected[i]! - 0.1 * direction - 0.1 * (i < 2 ? 0.5 : 0) * expected[i]!;
    });
  });
  const { weights } = optimizer.state();
  expected.forEach((value, i) => {
    assert.ok(Math.abs(weights[i]! - value) < 1e-6, `${weights[i]} is not ${value}`);
  });
  optimizer.dispose();
});

test("a gradient longer than the limit counts as one of that length", () => {
  const start = AdamW.start(Float32Array.of(0, 0, 0));
  const [clipped, scaled] = [1, 2].map(() => new AdamW(tf, parameters, start, { clipNorm: 0.5 }));
  assert.ok(Math.abs(step(clipped!, [3, 0, 4]) - 5) < 1e-6, "the norm is reported before clipping");
  step(scaled!, [0.3, 0, 0.4]);
  const expected = scaled!.state().square;
  clipped!.state().square.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < 1e-7, `${value} is not ${expected[i]}`);
  });
  clipped!.dispose();
  scaled!.dispose();
});

test("a gradient that is not finite changes nothing", () => {
  const optimizer = new AdamW(tf, parameters, AdamW.start(Float32Array.of(1, 2, 3)));
  const before = optimizer.state();
  assert.ok(!Number.isFinite(step(optimizer, [1, Number.NaN, 0])));
  assert.deepEqual(optimizer.state(), before);
  optimizer.dispose();
});

test("an optimiser that was stored and restored goes on bit for bit", () => {
  const gradients = Array.from({ length: 6 }, (_, i) => [Math.sin(i), Math.cos(i), Math.sin(3 * i)]);
  const whole = new AdamW(tf, parameters, AdamW.start(Float32Array.of(1, -2, 3)));
  for (const gradient of gradients) step(whole, gradient);
  const first = new AdamW(tf, parameters, AdamW.start(Float32Array.of(1, -2, 3)));
  for (const gradient of gradients.slice(0, 3)) step(first, gradient);
  const second = new AdamW(tf, parameters, first.state());
  for (const gradient of gradients.slice(3)) step(second, gradient);
  assert.deepEqual(second.state(), whole.state());
});

test("updates and disposal leave no tensors behind", () => {
  const before = tf.memory().numTensors;
  const optimizer = new AdamW(tf, parameters, AdamW.start(Float32Array.of(1, -2, 3)));
  step(optimizer, [1, 2, 3]);
  const after = tf.memory().numTensors;
  for (let i = 0; i < 10; i++) step(optimizer, [1, 2, 3]);
  assert.equal(tf.memory().numTensors, after);
  optimizer.dispose();
  assert.equal(tf.memory().numTensors, before);
});
