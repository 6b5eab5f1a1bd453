import assert from "node:assert/strict";
import { test } from "node:test";
import { LossCurve } from "../dist/trainings/loss-curve.js";
import { refusal } from "./workplace.js";

function curveOf(steps: number): LossCurve {
  const curve = new LossCurve();
  for (let step = 1; step <= steps; step++) curve.add(step, 1 / step, 1e-3);
  return curve;
}

test("a curve is read in pages, each saying where the next begins", () => {
  const curve = curveOf(5);
  const first = curve.page(0n, 2);
  assert.deepEqual(first.points, [
    { step: 1n, loss: 1, learningRate: 1e-3 },
    { step: 2n, loss: 0.5, learningRate: 1e-3 },
  ]);
  assert.equal(first.nextStep, 3n);
  const last = curve.page(3n, 3);
  assert.deepEqual(
    last.points.map((point) => point.step),
    [3n, 4n, 5n],
  );
  assert.equal(last.nextStep, 0n);
  assert.deepEqual(curve.page(6n, 3), { points: [], nextStep: 0n });
});

test("a curve comes back from its file and goes on as if it had never been away", () => {
  const curve = LossCurve.fromBytes(curveOf(5).toBytes());
  curve.add(6, 1 / 6, 1e-3);
  assert.deepEqual(curve.page(0n, 10), curveOf(6).page(0n, 10));
  assert.equal(LossCurve.fromBytes(new LossCurve().toBytes()).lastStep, 0);
});

test("a long curve stays bounded, also when it comes back from its file", () => {
  const steps = 430_001;
  const whole = curveOf(steps).toBytes();
  assert.ok(whole.length <= LossCurve.mostBytes);
  const half = 215_000;
  const resumed = LossCurve.fromBytes(curveOf(half).toBytes());
  for (let step = half + 1; step <= steps; step++) resumed.add(step, 1 / step, 1e-3);
  assert.deepEqual(resumed.toBytes(), whole);
  const { points } = resumed.page(0n, 3);
  assert.deepEqual(
    points.map((point) => point.step),
    [8n, 16n, 24n],
  );
});

test("bytes that are no curve are refused", () => {
  const corrupt = refusal("OBJECT_CORRUPT");
  const bytes = curveOf(3).toBytes();
  assert.throws(() => LossCurve.fromBytes(bytes.subarray(1)), corrupt);
  const header = bytes.subarray(0, 16);
  const withRows = (...rows: number[]) => Buffer.concat([header, new Uint8Array(Float64Array.from(rows).buffer)]);
  LossCurve.fromBytes(withRows(1, 1, 1, 2, 1, 1));
  assert.throws(() => LossCurve.fromBytes(withRows(2, 1, 1, 1, 1, 1)), corrupt);
  assert.throws(() => LossCurve.fromBytes(withRows(Number.NaN, 1, 1)), corrupt);
  assert.throws(() => LossCurve.fromBytes(bytes.subarray(16)), corrupt);
  assert.throws(() => LossCurve.fromBytes(new Uint8Array()), corrupt);
});

test("a curve of a newer release is refused as such", () => {
  const bytes = curveOf(3).toBytes();
  bytes.set(new Uint8Array(Float64Array.of(2).buffer), 8);
  assert.throws(() => LossCurve.fromBytes(bytes), refusal("RECORD_TOO_NEW"));
});
