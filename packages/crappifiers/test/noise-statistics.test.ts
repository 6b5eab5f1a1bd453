import assert from "node:assert/strict";
import test from "node:test";
import { noiseStatistics } from "@pssr/crappifiers";

const levels = { black: 0, white: 160 };

test("differences are told in all, and by signal", () => {
  const clean = Uint8Array.of(5, 5, 15, 15, 155, 160);
  const degraded = Uint8Array.of(4, 6, 17, 13, 155, 163);
  const { meanDifference, standardDeviation, psnrDb, bins } = noiseStatistics(clean, degraded, levels);
  assert.ok(Math.abs(meanDifference - 0.5) < 1e-12);
  const meanSquare = (1 + 1 + 4 + 4 + 0 + 9) / 6;
  assert.ok(Math.abs(standardDeviation - Math.sqrt(meanSquare - 0.25)) < 1e-12);
  assert.ok(Math.abs(psnrDb - 10 * Math.log10(160 ** 2 / meanSquare)) < 1e-9);
  assert.deepEqual(bins, [
    { pixels: 2, signal: 5, variance: 1 },
    { pixels: 2, signal: 15, variance: 4 },
    { pixels: 2, signal: 157.5, variance: 2.25 },
  ]);
});

test("what is equal has no noise, and what is no number does not count", () => {
  const clean = Float32Array.of(10, Number.NaN, Number.POSITIVE_INFINITY);
  assert.deepEqual(noiseStatistics(clean, clean, levels), {
    meanDifference: 0,
    standardDeviation: 0,
    psnrDb: Number.POSITIVE_INFINITY,
    bins: [{ pixels: 1, signal: 10, variance: 0 }],
  });
});
