import assert from "node:assert/strict";
import { test } from "node:test";
import { Line } from "../../dist/fitting/line.js";
import type { SeenLook } from "../../dist/fitting/looks.js";
import { type SlopeOptions, slopesFrom } from "../../dist/fitting/slopes.js";
import { type Point, type Range, SearchSpace } from "../../dist/search/search-space.js";

/** The slope at a value, of a range whose features are a function of it. */
async function slopeOf(range: Omit<Range, "name">, value: number, features: (value: number) => number[]) {
  const asked: number[] = [];
  const space = new SearchSpace([{ name: "x", ...range }]);
  const seenAt = (x: number) => ({ point: { x }, statistics: x }) as unknown as SeenLook;
  const [slope] = await slopesFrom(seenAt(value), {
    space,
    free: [0],
    features: { of: (x: unknown) => Float64Array.from(features(x as number)) } as unknown as SlopeOptions["features"],
    take: async ({ x }) => {
      asked.push(x!);
      return seenAt(x!);
    },
  });
  return { ...slope!, asked };
}

const near = (a: number, b: number) => Math.abs(a - b) < 1e-9 * Math.max(1, Math.abs(b));

test("a slope is taken from both sides, where curves lie even with it", async () => {
  const range = { min: 0, max: 100, scale: "LINEAR" } as const;
  const { line, features, asked } = await slopeOf(range, 30, (x) => [x ** 2, 50 - 3 * x]);
  assert.ok(asked[0]! > 30 && asked[1]! < 30 && asked.length === 2);
  assert.ok(near(features[0]!, 2 * 30 * 100) && near(features[1]!, -300));
  assert.ok(near(line.moved({ x: 30 }, 0.1).x!, 40) && near(line.stepTo({ x: 50 }), 0.2));
});

test("deviations are stepped in squares, as they add up beside others", async () => {
  const range = { min: 0, max: 60, scale: "LINEAR", acts: "BY_SQUARE" } as const;
  const { line, features } = await slopeOf(range, 1.5, (x) => [500 + 2 * x ** 2]);
  assert.ok(near(features[0]!, 2 * 60 ** 2), `${features[0]}`);
  assert.ok(near(line.moved({ x: 1.5 }, 0.01).x!, Math.sqrt(1.5 ** 2 + 36)));
  assert.equal(line.moved({ x: 1.5 }, -0.01).x, 0);
});

test("what is not seen nearby is looked for further away, and what is not seen there either is not told", async () => {
  const range = { min: 0.5, max: 60, scale: "LOG", acts: "BY_SQUARE" } as const;
  const faint = await slopeOf(range, 0.5, (x) => [x ** 2]);
  assert.ok(faint.asked[1]! > 7, `${faint.asked}`);
  assert.ok(near(faint.features[0]!, 60 ** 2 - 0.5 ** 2));
  const none = await slopeOf(range, 0.5, (x) => [x / 100]);
  assert.equal(none.features[0], 0);
});

test("what is the same to both sides has the slope of one", async () => {
  const { features } = await slopeOf({ min: -16, max: 16, scale: "LINEAR" }, 0, (x) => [10 * x ** 2]);
  assert.ok(Math.abs(features[0]!) > 100, `${features[0]}`);
});

test("a whole number is stepped by one, and moved by one at least", async () => {
  const range = { min: 6, max: 10, scale: "LINEAR", whole: true } as const;
  for (const value of [6, 10]) {
    const { line, features, asked } = await slopeOf(range, value, (x) => [50 * x]);
    assert.deepEqual(asked, [value === 6 ? 7 : 9]);
    assert.ok(near(Math.abs(line.stepTo(line.beside(0.1)) * features[0]!), 50));
  }
});

test("read noise goes along with the photons that it is a number of, and stays as strong as it was", () => {
  const space = new SearchSpace([
    { name: "photons", min: 5, max: 20_000, scale: "LOG", acts: "BY_INVERSE" },
    { name: "read", min: 0, max: 50, scale: "LINEAR", acts: "BY_SQUARE", relativeTo: "photons" },
  ]);
  const start = { photons: 200, read: 8 };
  const [photons, read] = [new Line(space, 0, start), new Line(space, 1, start)];
  const strengthOf = (point: Point) => [1 / point.photons!, (point.read! / point.photons!) ** 2];
  const [perPhoton, atBlack] = strengthOf(start) as [number, number];
  const steps: [number, number] = [-0.003, 0.02];
  const both = [
    photons.moved(read.moved(start, steps[1]), steps[0]),
    read.moved(photons.moved(start, steps[0]), steps[1]),
  ];
  for (const point of both) {
    const [there, black] = strengthOf(point) as [number, number];
    assert.ok(near(there - perPhoton, -steps[0] * (1 / 5 - 1 / 20_000)));
    assert.ok(near(black - atBlack, (steps[1] * 50 ** 2) / 200 ** 2), `${black - atBlack}`);
    const told = [photons, read].map((line) => line.stepTo(point));
    assert.ok(near(told[0]!, steps[0]) && near(told[1]!, steps[1]), `${told}`);
  }
});
