import assert from "node:assert/strict";
import { test } from "node:test";
import { centralInterval, studentQuantile, wideningOf } from "../../dist/fitting/bootstrap-interval.js";
import { LinearStep } from "../../dist/fitting/linear-step.js";
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

test("an interval holds 95 % of the samples, and is wider for few tiles", () => {
  const samples = Array.from({ length: 1001 }, (_, n) => n / 500 - 1);
  const { low, high } = centralInterval(samples);
  assert.ok(Math.abs(low + 0.95) < 1e-3 && Math.abs(high - 0.95) < 1e-3, `${low} ${high}`);
  assert.ok(Math.abs(wideningOf(1e6) - 1) < 1e-3 && wideningOf(5) > 1.4);
  for (const tiles of [1, 2]) assert.equal(wideningOf(tiles), Infinity);
});

const exact = (slopes: readonly Float64Array[]) => slopes.map(() => new Float64Array(slopes.length));

test("a linear step leads to the vector that is wanted, and moves nothing that it does not depend on", () => {
  const slopes = [Float64Array.of(1000, 2000, 0), Float64Array.of(0, 100, 300), Float64Array.of(0, 0, 0)];
  const [a, b, c] = new LinearStep(slopes, exact(slopes)).towards(Float64Array.of(200, 400 - 50, -150));
  assert.ok(Math.abs(a! - 0.2) < 1e-4 && Math.abs(b! + 0.5) < 1e-4 && c === 0, `${a} ${b} ${c}`);
});

test("slopes that differ by their errors alone leave open which of the two coordinates a change comes from", () => {
  // Both are (300, 300, 300, 300); each has errors of 10.
  const slopes = [Float64Array.of(310, 290, 310, 290), Float64Array.of(310, 310, 290, 290)];
  const errors = [Float64Array.of(400, 0), Float64Array.of(0, 400)];
  const wanted = Float64Array.of(60, 60, 60, 60.5);
  const [a, b] = new LinearStep(slopes, errors).towards(wanted);
  assert.ok(Math.abs(a! + b! - 0.2) < 1e-2, `${a} ${b}`);
  const told = (noise: Float64Array[]) => {
    const [with1] = new LinearStep(slopes, noise).towards(Float64Array.of(1, 1, -1, -1));
    return Math.abs(with1!);
  };
  assert.ok(told(errors) > 5 * told(exact(slopes)), `${told(errors)} ${told(exact(slopes))}`);
});

test("a budget leaves room for intervals and for tiles held back, however small it is", () => {
  for (const evaluations of [10, 20, 60, 1000]) {
    for (const parameters of [1, 3, 6]) {
      const { starts, search, descent, draws } = planLooks({ evaluations }, parameters, false);
      assert.ok(starts.looks <= search.looks && search.looks <= descent.looks);
      const all = descent.looks + draws + 2 * parameters + 2 + 2;
      assert.ok(all <= Math.max(evaluations, fewestLooks(parameters)), `${evaluations}, ${parameters}: ${all}`);
    }
  }
  const timed = planLooks({ seconds: 100 }, 3, false);
  assert.ok(timed.descent.looks > 900);
  assert.ok(timed.starts.ms < timed.search.ms && timed.search.ms < timed.descent.ms && timed.descent.ms < 100_000);
});
