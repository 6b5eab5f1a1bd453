import assert from "node:assert/strict";
import { test } from "node:test";
import { LinearStep } from "../../dist/fitting/linear-step.js";
import { percentileInterval, studentQuantile } from "../../dist/fitting/percentile-interval.js";
import { fewestLooks, planLooks } from "../../dist/fitting/plan-looks.js";

test("Student's quantiles are those of the tables", () => {
  for (const [freedom, quantile, tolerance] of [
    [1, 12.7062, 1e-4],
    [2, 4.30265, 1e-5],
    [3, 3.18245, 0.005],
    [4, 2.77645, 0.001],
    [9, 2.262, 0.005],
    [19, 2.093, 0.001],
    [100, 1.984, 0.001],
  ] as const) {
    assert.ok(Math.abs(studentQuantile(freedom) - quantile) < tolerance, `${freedom}: ${studentQuantile(freedom)}`);
  }
});

test("an interval holds 95 % of the samples about its value, and more for few tiles", () => {
  const samples = Array.from({ length: 1001 }, (_, n) => n / 500 - 1);
  const many = percentileInterval(0, samples, 1e6);
  assert.ok(Math.abs(many.low + 0.95) < 1e-3 && Math.abs(many.high - 0.95) < 1e-3, `${many.low} ${many.high}`);
  const few = percentileInterval(0, samples, 5);
  assert.ok(few.high > 1.4 * many.high);
  for (const tiles of [1, 2]) assert.equal(percentileInterval(0, samples, tiles).high, Infinity);
});

test("a linear step leads to the vector that is wanted, and moves nothing that it does not depend on", () => {
  const slopes = [Float64Array.of(1000, 2000, 0), Float64Array.of(0, 100, 300), Float64Array.of(0, 0, 0)];
  const [a, b, c] = new LinearStep(slopes).towards(Float64Array.of(200, 400 - 50, -150));
  assert.ok(Math.abs(a! - 0.2) < 1e-4 && Math.abs(b! + 0.5) < 1e-4 && c === 0, `${a} ${b} ${c}`);
});

test("a budget leaves room for intervals and for tiles held back, however small it is", () => {
  for (const evaluations of [10, 20, 60, 1000]) {
    for (const parameters of [1, 3, 6]) {
      const { starts, search, descent, draws } = planLooks({ evaluations }, parameters, false);
      assert.ok(starts.looks <= search.looks && search.looks <= descent.looks);
      const all = descent.looks + draws + 2 * parameters + 1 + 2;
      assert.ok(all <= Math.max(evaluations, fewestLooks(parameters)), `${evaluations}, ${parameters}: ${all}`);
    }
  }
  const timed = planLooks({ seconds: 100 }, 3, false);
  assert.ok(timed.descent.looks > 900);
  assert.ok(timed.starts.ms < timed.search.ms && timed.search.ms < timed.descent.ms && timed.descent.ms < 100_000);
});
