import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { loadTensorFlow } from "../../dist/learning/tensorflow.js";
import { Trainer } from "../../dist/learning/trainer.js";
import { validate } from "../../dist/learning/validation.js";
import { smallSpec, stripes } from "./synthetic-training.js";

const tf = loadTensorFlow();

function losses(trainer: Trainer, fromStep: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => trainer.learn(stripes(fromStep + i)).loss);
}

function assertClose(actual: number[], expected: number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) <= tolerance, `number ${i}: ${value} is not ${expected[i]}`);
  });
}

test("before its first step the network gives the bilinear enlargement, after some steps a better image", () => {
  const trainer = new Trainer(tf, smallSpec(120, { loss: { msSsimShare: 0 } }));
  const tiles = [stripes(1001), stripes(1002), stripes(1003)];
  const before = validate(trainer, tiles);
  assertClose([before.restored.psnr, before.restored.ssim], [before.bilinear.psnr, before.bilinear.ssim], 1e-4);
  losses(trainer, 0, 120);
  const after = validate(trainer, tiles);
  assert.equal(trainer.progress, 1);
  assert.ok(after.restored.psnr > after.bilinear.psnr + 1, `${after.restored.psnr} dB, ${after.bilinear.psnr} dB`);
  assert.ok(after.restored.ssim > after.bilinear.ssim);
  assert.equal(after.tiles, 6);
  trainer.dispose();
});

test("twenty steps equal ten, a checkpoint and ten more", () => {
  const whole = new Trainer(tf, smallSpec(20));
  const expected = losses(whole, 0, 20);
  const first = new Trainer(tf, smallSpec(20));
  const firstLosses = losses(first, 0, 10);
  const second = new Trainer(tf, smallSpec(20), first.checkpoint());
  assert.equal(second.position.step, 10);
  assert.ok(second.position.elapsedSeconds > 0, "the time of the first attempt counts");
  assertClose([...firstLosses, ...losses(second, 10, 10)], expected, 1e-6);
  for (const [name, values] of second.weights()) assertClose([...values], [...whole.weights().get(name)!], 1e-6);
  for (const trainer of [whole, first, second]) trainer.dispose();
});

test("the number of tensors stays the same over fifty steps, and disposal frees them all", () => {
  const before = tf.memory().numTensors;
  const trainer = new Trainer(tf, smallSpec(60));
  losses(trainer, 0, 2);
  const after = tf.memory().numTensors;
  losses(trainer, 2, 50);
  validate(trainer, [stripes(7)]);
  trainer.checkpoint();
  assert.equal(tf.memory().numTensors, after);
  trainer.dispose();
  assert.equal(tf.memory().numTensors, before);
});

test("a loss that is not finite stops the training and leaves the weights as they were", () => {
  const trainer = new Trainer(tf, smallSpec(20));
  losses(trainer, 0, 1);
  const before = trainer.weights();
  const tensors = tf.memory().numTensors;
  const batch = stripes(1);
  const broken = { ...batch, hr: Float32Array.from(batch.hr).fill(Number.NaN, 5, 6) };
  assert.throws(
    () => trainer.learn(broken),
    (error) => isPssrError(error, "TRAINING_DIVERGED") && error.message.includes("step 2"),
  );
  assert.deepEqual(trainer.weights(), before);
  assert.equal(tf.memory().numTensors, tensors);
  trainer.dispose();
});

test("a batch that is not what it says is refused", () => {
  const trainer = new Trainer(tf, smallSpec(20));
  const batch = stripes(0);
  assert.throws(
    () => trainer.learn({ ...batch, hr: batch.hr.slice(1) }),
    (error) => isPssrError(error, "SHAPE_MISMATCH") && error.message.startsWith("batch.hr"),
  );
  assert.throws(
    () => trainer.learn({ ...batch, levels: Float32Array.of(0, 255, 9, 9) }),
    (error) => isPssrError(error, "INVALID_FIELD") && error.message.includes("sample 1"),
  );
  trainer.dispose();
});

test("the checkpoint of another network is refused", () => {
  const trainer = new Trainer(tf, smallSpec(20));
  const checkpoint = trainer.checkpoint();
  trainer.dispose();
  const { network } = smallSpec(20);
  const wider = smallSpec(20, { network: { ...network, options: { ...network.options, width: 16 } } });
  assert.throws(
    () => new Trainer(tf, wider, checkpoint),
    (error) => isPssrError(error, "INVALID_MODEL"),
  );
  assert.throws(
    () => new Trainer(tf, smallSpec(20), checkpoint.slice(0, checkpoint.length - 8)),
    (error) => isPssrError(error, "INVALID_MODEL"),
  );
});
