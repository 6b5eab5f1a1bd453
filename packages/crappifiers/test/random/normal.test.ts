import assert from "node:assert/strict";
import test from "node:test";
import { NoiseStream } from "../../dist/random/noise-stream.js";
import { normalFromWord } from "../../dist/random/normal.js";
import { moments, normalDistance, normalDistribution } from "./goodness-of-fit.js";

const COUNT = 1 << 20;

function normals(seed: bigint): Float64Array {
  const stream = NoiseStream.of({ seed, image: "a", tile: 0, epoch: 0 }, "detector/0", 0);
  const words = new Uint32Array(COUNT);
  stream.fill(words, 0);
  return Float64Array.from(words, (word, pixel) => normalFromWord(word, stream, pixel));
}

test("a million normal numbers follow the normal distribution", () => {
  for (const seed of [1n, 2n, 3n]) {
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
  for (const edge of [3, 3.6541528853610088, 4]) {
    const expected = 2 * (1 - normalDistribution(edge)) * COUNT;
    const seen = samples.filter((x) => Math.abs(x) > edge).length;
    assert.ok(Math.abs(seen - expected) < 4 * Math.sqrt(expected), `${seen} beyond ${edge}, expected ${expected}`);
  }
});
