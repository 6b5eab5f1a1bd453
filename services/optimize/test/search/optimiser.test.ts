import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { Optimiser } from "../../dist/search/optimiser.js";
import { type Point, SearchSpace } from "../../dist/search/search-space.js";
import { branin } from "./branin.js";

const here = dirname(fileURLToPath(import.meta.url));

function search(space: SearchSpace, evaluate: (point: Point) => number, evaluations: number, seed = 1): Optimiser {
  const optimiser = new Optimiser(space, { seed });
  for (let n = 0; n < evaluations; n++) {
    const point = optimiser.ask();
    optimiser.tell(point, evaluate(point));
  }
  return optimiser;
}

test("the minimum of Branin's function is found as exactly as in five searches of scikit-optimize's", () => {
  const golden = JSON.parse(readFileSync(join(here, "../../test/search/golden/regrets.json"), "utf8")) as {
    branin: number[];
  };
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
  const regrets = [1, 2, 3, 4, 5].map((seed) => {
    const { evaluations } = search(branin.space, branin.evaluate, 40, seed);
    return Math.min(...evaluations.map(({ value }) => value)) - branin.minimum;
  });
  assert.ok(median(regrets) <= median(golden.branin), `${regrets}`);
});

test("what it asks depends on the seed and the evaluations alone: a search goes on as if it had never stopped", () => {
  const whole = search(branin.space, branin.evaluate, 16);
  for (const kept of [0, 3, 6, 11]) {
    const resumed = new Optimiser(branin.space, { seed: 1 });
    for (const { point, value } of whole.evaluations.slice(0, kept)) resumed.tell(point, value);
    assert.deepEqual(resumed.ask(), whole.evaluations[kept]!.point);
  }
  assert.notDeepEqual(new Optimiser(branin.space, { seed: 2 }).ask(), whole.evaluations[0]!.point);
});

test("asked twice it says the same", () => {
  const optimiser = search(branin.space, branin.evaluate, 9);
  assert.deepEqual(optimiser.ask(), optimiser.ask());
});

test("whole numbers and switches are found beside others, and what is switched off is left alone", () => {
  const space = new SearchSpace(
    [
      { name: "bits", min: 1, max: 16, scale: "LINEAR", whole: true },
      { name: "gain", min: 0.01, max: 100, scale: "LOG" },
      { name: "sigma", min: 0, max: 4, scale: "LINEAR", switch: "blur" },
    ],
    [{ name: "blur" }],
  );
  const evaluate = ({ bits, gain, sigma, blur }: Point) =>
    (bits! - 11) ** 2 / 40 + Math.log10(gain! / 3) ** 2 + (blur === 1 ? (sigma! - 1.5) ** 2 / 4 : 1);
  const { point, value } = search(space, evaluate, 50).best();
  assert.deepEqual([point.bits, point.blur], [11, 1]);
  assert.ok(value < 0.02, `${JSON.stringify(point)}: ${value}`);
});

test("a flat function, and one whose point is told again and again, do it no harm", () => {
  const flat = search(branin.space, () => 7, 20);
  assert.equal(flat.best().value, 7);
  assert.ok(new Set(flat.evaluations.map(({ point }) => JSON.stringify(point))).size >= 15);
  const repeated = new Optimiser(branin.space, { seed: 1 });
  for (let n = 0; n < 15; n++) repeated.tell({ a: 1, b: 2 }, n % 2);
  const { a, b } = repeated.ask();
  assert.ok(a! >= -5 && a! <= 10 && b! >= 0 && b! <= 15);
});

test("the best is not the luckiest", () => {
  // Every second look at the far end is lucky; the middle is better on the whole.
  const optimiser = new Optimiser(new SearchSpace([{ name: "x", min: 0, max: 1, scale: "LINEAR" }]), { seed: 1 });
  for (let n = 0; n < 12; n++) {
    optimiser.tell({ x: 0.5 + n / 1000 }, n % 2 === 0 ? 0.9 : 1.1);
    optimiser.tell({ x: 0.95 + n / 1000 }, n % 2 === 0 ? 0.5 : 3);
  }
  assert.ok(optimiser.best().point.x! < 0.6);
});

test("a value that is none is refused, and leaves nothing", () => {
  const optimiser = new Optimiser(branin.space, { seed: 1 });
  assert.throws(() => optimiser.tell({ a: 0, b: 0 }, Number.NaN), RangeError);
  assert.equal(optimiser.evaluations.length, 0);
});
