import assert from "node:assert/strict";
import test from "node:test";
import { NoiseStream } from "../../dist/random/noise-stream.js";
import { poissonFromWords } from "../../dist/random/poisson.js";
import { PoissonTable } from "../../dist/random/poisson-table.js";
import { moments, poissonDeviation } from "./goodness-of-fit.js";

const COUNT = 1_000_000;

function stream(name: string): NoiseStream {
  return NoiseStream.of({ seed: 7n, image: "b", tile: 3, epoch: 1 }, name, 0);
}

function fromTable(mean: number): Float64Array {
  const words = new Uint32Array(COUNT);
  stream(`table ${mean}`).fill(words, 0);
  const counts = new Float64Array(COUNT);
  new PoissonTable([17.5, mean, 0]).sample(new Float32Array(COUNT).fill(1), words, COUNT, counts);
  return counts;
}

function fromSampler(mean: number): Float64Array {
  const words = new Uint32Array(2 * COUNT);
  const noise = stream(`sampler ${mean}`);
  noise.fill(words, 0);
  return Float64Array.from({ length: COUNT }, (_, n) =>
    poissonFromWords(mean, words[2 * n]!, words[2 * n + 1]!, noise, n),
  );
}

function assertPoisson(samples: Float64Array, mean: number): void {
  const { mean: seen, variance } = moments(samples);
  assert.ok(Math.abs(seen - mean) < 4 * Math.sqrt(mean / COUNT), `mean ${seen} of ${mean}`);
  assert.ok(
    Math.abs(variance - mean) < 4 * Math.sqrt((2 * mean * mean + mean) / COUNT),
    `variance ${variance} of ${mean}`,
  );
  const deviation = poissonDeviation(samples, mean);
  assert.ok(Math.abs(deviation) < 4, `chi-square off by ${deviation} standard deviations at mean ${mean}`);
}

for (const mean of [0.01, 0.7, 4, 31, 100, 255, 4096]) {
  test(`a million numbers from the table are Poisson-distributed, mean ${mean}`, () => {
    assertPoisson(fromTable(mean), mean);
  });
}

for (const mean of [0.01, 0.7, 4.25, 9.99, 10, 31.6, 255, 4096, 1e5]) {
  test(`a million numbers from the sampler are Poisson-distributed, mean ${mean}`, () => {
    assertPoisson(fromSampler(mean), mean);
  });
}

test("beyond a thousand million the sampler keeps mean and variance", () => {
  const mean = 2.5e9;
  const { mean: seen, variance } = moments(fromSampler(mean));
  assert.ok(Math.abs(seen - mean) < 4 * Math.sqrt(mean / COUNT));
  assert.ok(Math.abs(variance / mean - 1) < 4 * Math.sqrt(2 / COUNT));
});

test("no light, less than none and no number give no photons", () => {
  const noise = stream("dark");
  for (const mean of [0, -3, Number.NaN]) assert.equal(poissonFromWords(mean, 0xffffffff, 0xffffffff, noise, 0), 0);
  const counts = new Float64Array(1).fill(9);
  new PoissonTable([0]).sample(new Float32Array(1), Uint32Array.of(0xffffffff), 1, counts);
  assert.equal(counts[0], 0);
});

test("the extreme words give finite numbers in the table's order", () => {
  const counts = new Float64Array(2);
  new PoissonTable([255]).sample(new Float32Array(2), Uint32Array.of(0, 0xffffffff), 2, counts);
  assert.ok(counts[0]! > 255 - 7 * 16 && counts[0]! < 255 && counts[1]! > 255 && counts[1]! < 255 + 7.5 * 16);
});
