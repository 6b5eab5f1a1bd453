import assert from "node:assert/strict";
import test from "node:test";
import { kernelMemory, kernels } from "../../dist/kernels.js";
import { useNoise } from "../../dist/random/noise-key.js";
import { moments, normalDistance, normalDistribution } from "./goodness-of-fit.js";

const COUNT = 10_000_000;

function normals(seed: bigint): Float64Array {
  kernelMemory.release();
  const at = kernelMemory.take(8 * COUNT);
  useNoise({ seed, image: "a", tile: 0, epoch: 0 }, "detector/0", 0);
  kernels.normals(at, COUNT);
  return kernelMemory.view(Float64Array, at, COUNT).slice();
}

test("ten million normal numbers follow the normal distribution", () => {
  for (const seed of [1n, 2n]) {
    const samples = normals(seed);
    const { mean, variance, kurtosis } = moments(samples);
    assert.ok(normalDistance(samples) < 1.95);
    assert.ok(Math.abs(mean) < 4 / Math.sqrt(COUNT));
    assert.ok(Math.abs(variance - 1) < 4 * Math.sqrt(2 / COUNT));
    assert.ok(Math.abs(kurtosis - 3) < 4 * Math.sqrt(24 / COUNT));
  }
});

test("the tail beyond the ziggurat is as full as it should be", () => {
  const samples = normals(4n);
  for (const edge of [3, 3.6541528853610088, 4, 5]) {
    const expected = 2 * (1 - normalDistribution(edge)) * COUNT;
    const seen = samples.filter((x) => Math.abs(x) > edge).length;
    assert.ok(Math.abs(seen - expected) < 4 * Math.sqrt(expected), `${seen} beyond ${edge}, expected ${expected}`);
  }
});
