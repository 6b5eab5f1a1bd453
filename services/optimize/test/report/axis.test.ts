import assert from "node:assert/strict";
import test from "node:test";
import { linearAxis, linearTicks, logAxis, logTicks } from "../../dist/report/axis.js";
import { numberText, ratioText } from "../../dist/report/number-text.js";

const labels = (ticks: readonly { label: string }[]) => ticks.map(({ label }) => label).join(" ");

test("the numbers of a linear axis are 1, 2 or 5 times a power of ten apart", () => {
  assert.equal(labels(linearTicks(0, 1, 5)), "0 0.2 0.4 0.6 0.8 1.0");
  assert.equal(labels(linearTicks(-130, 120, 6)), "−100 −50 0 50 100");
  assert.equal(labels(linearTicks(0.0012, 0.0031, 4)), "0.0015 0.0020 0.0025 0.0030");
  assert.equal(labels(linearTicks(3.1e6, 9e6, 4)), "4e6 6e6 8e6");
  assert.equal(labels(linearTicks(0, 6e-6, 4)), "0 2e−6 4e−6 6e−6");
});

test("the numbers of a logarithmic axis are powers of ten, and more of them where there are few", () => {
  assert.equal(labels(logTicks(0.0005, 30, 6)), "0.001 0.01 0.1 1 10");
  assert.equal(labels(logTicks(3, 60, 6)), "5 10 20 50");
  assert.equal(labels(logTicks(410, 470, 4)), "420 440 460");
  assert.equal(labels(logTicks(1e-9, 1e9, 6)), "1e−9 1e−6 0.001 1 1000 1e6 1e9");
});

test("an axis reaches over its numbers and a little further", () => {
  const linear = linearAxis([3, Number.NaN, 7], { most: 5 })!;
  assert.ok(linear.low < 3 && linear.high > 7 && linear.high < 7.5);
  assert.equal(linear.place((linear.low + linear.high) / 2), 0.5);
  assert.equal(linear.place(9), undefined);
  assert.equal(linearAxis([3, 7], { most: 5, withZero: true })!.low, 0);
  const log = logAxis([0, 1, 100, -3], { most: 5 })!;
  assert.ok(log.low < 1 && log.low > 0.5 && log.high > 100);
  assert.ok(Math.abs(log.place(10)! - 0.5) < 1e-9);
  assert.equal(log.place(0), undefined);
  assert.ok(logAxis([1e-9, 1], { most: 5, decades: 3 })!.low > 5e-4);
  assert.ok(logAxis([10, 10], { most: 5, atLeast: 1 })!.high > 30);
});

test("equal numbers have an axis, and no numbers have none", () => {
  for (const value of [0, 5, -1e-9, 1e12]) {
    const axis = linearAxis([value, value], { most: 5 })!;
    assert.ok(axis.low < value && value < axis.high && axis.ticks.length >= 2, `${value}`);
    assert.equal(new Set(axis.ticks.map(({ label }) => label)).size, axis.ticks.length, labels(axis.ticks));
  }
  assert.ok(logAxis([7], { most: 5 })!.ticks.length >= 2);
  for (const values of [[], [Number.NaN], [Number.POSITIVE_INFINITY], [1e308]]) {
    assert.equal(linearAxis(values, { most: 5 }), undefined);
    assert.equal(logAxis(values, { most: 5 }), undefined);
  }
  assert.equal(logAxis([0, -1], { most: 5 }), undefined);
});

test("numbers are written to three digits, whole ones whole", () => {
  const written = [0, 255, 2.71, 86.25, 1234.5, 0.000123456, 1.5e-7, 12345678, -0.5, Number.NaN].map((value) =>
    numberText(value),
  );
  assert.deepEqual(written, ["0", "255", "2.71", "86.3", "1235", "0.000123", "1.5e−7", "1.23e7", "−0.500", "–"]);
  assert.deepEqual([1.037, 12.34, Number.NaN].map(ratioText), ["1.04", "12.3", "–"]);
});
