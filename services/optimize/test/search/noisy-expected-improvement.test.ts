import assert from "node:assert/strict";
import test from "node:test";
import { GaussianProcess } from "../../dist/search/gaussian-process.js";
import { NoisyExpectedImprovement } from "../../dist/search/noisy-expected-improvement.js";
import { density, distribution } from "../../dist/search/normal-distribution.js";

const lengths = Float64Array.of(0.3, 0.6);
const points = [
  [0.1, 0.2],
  [0.5, 0.9],
  [0.7, 0.3],
  [0.9, 0.9],
].map((point) => Float64Array.from(point));
const values = [0.4, -0.9, 0.8, 0.1];

/** Standard normal numbers, always the same: quantiles in a shuffled order. */
function numbers(): () => number {
  let n = 0;
  return () => {
    const p = (((n++ * 37) % 101) + 0.5) / 101;
    let [low, high] = [-6, 6];
    while (high - low > 1e-9) {
      const middle = (low + high) / 2;
      if (distribution(middle) < p) low = middle;
      else high = middle;
    }
    return low;
  };
}

test("without noise it is the expected improvement upon the lowest value", () => {
  const process = new GaussianProcess({ variance: 1, lengths, noise: 1e-12 }, points, values);
  const improvement = new NoisyExpectedImprovement(process, values, numbers(), 1);
  for (const place of [
    [0.3, 0.5],
    [0.52, 0.8],
    [0, 1],
  ]) {
    const x = Float64Array.from(place);
    const { mean, variance } = process.predict(x);
    const u = (-0.9 - mean) / Math.sqrt(variance);
    const expected = Math.sqrt(variance) * (density(u) + u * distribution(u));
    assert.ok(Math.abs(improvement.negativeLogarithm(x) + Math.log(expected)) < 1e-4);
  }
});

test("its gradient is that of its values", () => {
  const process = new GaussianProcess({ variance: 1.4, lengths, noise: 0.05 }, points, values);
  const improvement = new NoisyExpectedImprovement(process, values, numbers());
  const x = Float64Array.of(0.45, 0.6);
  const gradient = new Float64Array(2);
  improvement.negativeLogarithm(x, gradient);
  for (let d = 0; d < 2; d++) {
    const [before, after] = [x.slice(), x.slice()];
    before[d]! -= 1e-6;
    after[d]! += 1e-6;
    const slope = (improvement.negativeLogarithm(after) - improvement.negativeLogarithm(before)) / 2e-6;
    assert.ok(Math.abs(gradient[d]! - slope) < 1e-5, `${gradient[d]} of ${slope}`);
  }
});

test("where the lowest value may have been luck, more is to be gained elsewhere", () => {
  const at = (noise: number) => {
    const process = new GaussianProcess({ variance: 1, lengths, noise }, points, values);
    return new NoisyExpectedImprovement(process, values, numbers(), 64).negativeLogarithm(Float64Array.of(0.1, 0.9));
  };
  assert.ok(at(0.5) < at(1e-10) - 0.1, `${at(0.5)}, ${at(1e-10)}`);
});
