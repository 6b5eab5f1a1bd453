import assert from "node:assert/strict";
import { test } from "node:test";
import type { SeenLook } from "../../dist/fitting/looks.js";
import { linesFrom, type SlopeOptions } from "../../dist/fitting/slopes.js";
import { type Range, SearchSpace } from "../../dist/search/search-space.js";

/** Lines from a value, of a range whose features are a function of it. */
async function lineOf(range: Omit<Range, "name">, value: number, features: (value: number) => number[]) {
  const asked: number[] = [];
  const space = new SearchSpace([{ name: "x", ...range }]);
  const seenAt = (x: number) => ({ point: { x }, statistics: x }) as unknown as SeenLook;
  const [line] = await linesFrom(seenAt(value), {
    space,
    free: [0],
    features: { of: (x: unknown) => Float64Array.from(features(x as number)) } as unknown as SlopeOptions["features"],
    take: async ({ x }) => {
      asked.push(x!);
      return seenAt(x!);
    },
  });
  return { line: line!, asked };
}

test("a slope is taken from both sides, where curves lie even with it", async () => {
  const { line, asked } = await lineOf({ min: 0, max: 100, scale: "LINEAR" }, 30, (x) => [x ** 2, 50 - 3 * x]);
  assert.ok(asked[0]! > 30 && asked[1]! < 30 && asked.length === 2);
  assert.ok(Math.abs(line.slope[0]! - 2 * 30 * 100) < 1e-6 && Math.abs(line.slope[1]! + 300) < 1e-6);
  assert.ok(Math.abs(line.to(0.1) - 0.4) < 1e-12 && Math.abs(line.stepTo(0.5) - 0.2) < 1e-12);
});

test("deviations are stepped in squares, as they add up beside others", async () => {
  const features = (x: number) => [500 + 2 * x ** 2];
  const { line } = await lineOf({ min: 0, max: 60, scale: "LINEAR", isDeviation: true }, 1.5, features);
  assert.ok(Math.abs(line.slope[0]! - 2 * 60 ** 2) < 1e-6, `${line.slope[0]}`);
  assert.ok(Math.abs(line.to(0.01) * 60 - Math.sqrt(1.5 ** 2 + 36)) < 1e-9);
  assert.equal(line.to(-0.01), 0);
});

test("what is not seen nearby is looked for further away, and what is not seen there either is not told", async () => {
  const range: Omit<Range, "name"> = { min: 0.5, max: 60, scale: "LOG", isDeviation: true };
  const faint = await lineOf(range, 0.5, (x) => [x ** 2]);
  assert.ok(faint.asked[1]! > 7, `${faint.asked}`);
  assert.ok(Math.abs(faint.line.slope[0]! - (60 ** 2 - 0.5 ** 2)) < 1e-6);
  const none = await lineOf(range, 0.5, (x) => [x / 100]);
  assert.equal(none.line.slope[0], 0);
});

test("what is the same to both sides has the slope of one", async () => {
  const { line } = await lineOf({ min: -16, max: 16, scale: "LINEAR" }, 0, (x) => [10 * x ** 2]);
  assert.ok(Math.abs(line.slope[0]!) > 100, `${line.slope[0]}`);
});

test("a whole number is stepped by one, and moved by one at least", async () => {
  for (const value of [6, 10]) {
    const { line, asked } = await lineOf({ min: 6, max: 10, scale: "LINEAR", whole: true }, value, (x) => [50 * x]);
    assert.deepEqual(asked, [value === 6 ? 7 : 9]);
    assert.ok(Math.abs(Math.abs(line.across(0.1) * line.slope[0]!) - 50) < 1e-6);
  }
});
