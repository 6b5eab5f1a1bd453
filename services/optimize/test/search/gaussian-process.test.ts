import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { GaussianProcess } from "../../dist/search/gaussian-process.js";
import { logarithms, negativeLogLikelihood, PairDifferences } from "../../dist/search/likelihood-maximum.js";

interface Golden {
  points: number[][];
  values: number[];
  asked: number[][];
  cases: {
    variance: number;
    lengths: number[];
    noise: number;
    mean: number[];
    function_variance: number[];
    log_likelihood: number;
    gradient: number[];
  }[];
}

const here = dirname(fileURLToPath(import.meta.url));
const golden: Golden = JSON.parse(readFileSync(join(here, "../../test/search/golden/process.json"), "utf8"));
const points = golden.points.map((point) => Float64Array.from(point));

function assertClose(seen: number, expected: number): void {
  assert.ok(Math.abs(seen - expected) <= 1e-6 * Math.max(1, Math.abs(expected)), `${seen} of ${expected}`);
}

for (const { variance, lengths, noise, ...expected } of golden.cases) {
  const hyperparameters = { variance, lengths: Float64Array.from(lengths), noise };

  test(`the posterior is scikit-learn's: lengths ${lengths}, noise ${noise}`, () => {
    const process = new GaussianProcess(hyperparameters, points, golden.values);
    for (const [i, point] of golden.asked.entries()) {
      const { mean, variance: seen } = process.predict(Float64Array.from(point));
      assertClose(mean, expected.mean[i]!);
      assertClose(seen, expected.function_variance[i]!);
    }
    assertClose(process.logMarginalLikelihood, expected.log_likelihood);
  });

  test(`the likelihood and its gradient are scikit-learn's: lengths ${lengths}, noise ${noise}`, () => {
    const gradient = new Float64Array(lengths.length + 2);
    const value = negativeLogLikelihood(
      new PairDifferences(points),
      Float64Array.from(golden.values),
      logarithms(hyperparameters),
      gradient,
    );
    assertClose(-value, expected.log_likelihood);
    const [ofVariance, ...others] = expected.gradient;
    const [ofNoise, ...ofLengths] = others.reverse();
    for (const [i, slope] of [...ofLengths.reverse(), ofVariance!, ofNoise!].entries())
      assertClose(-gradient[i]!, slope);
  });
}

test("values one after the other give what all at once give", () => {
  const hyperparameters = { variance: 1, lengths: Float64Array.of(0.3, 0.3, 0.3), noise: 0.01 };
  const grown = new GaussianProcess(hyperparameters);
  for (const [i, point] of points.entries()) {
    grown.add(point, golden.values[i]!);
    const whole = new GaussianProcess(hyperparameters, points.slice(0, i + 1), golden.values.slice(0, i + 1));
    assert.deepEqual(grown.predict(points[7]!), whole.predict(points[7]!));
  }
});

test("points that repeat each other without noise are no fault", () => {
  const process = new GaussianProcess({ variance: 1, lengths: Float64Array.of(0.5), noise: 0 });
  for (const place of [0.2, 0.2, 0.2 + 1e-12, 0.7, 0.7]) process.add(Float64Array.of(place), Math.sin(place));
  const { mean, variance } = process.predict(Float64Array.of(0.2));
  assert.ok(Math.abs(mean - Math.sin(0.2)) < 1e-3 && variance < 1e-3, `${mean} ± ${variance}`);
});
