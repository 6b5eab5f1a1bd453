import assert from "node:assert/strict";
import { test } from "node:test";
import { lastStep } from "../../dist/fitting/last-step.js";
import { LinearStep } from "../../dist/fitting/linear-step.js";
import type { SeenLook } from "../../dist/fitting/looks.js";
import { type SlopeOptions, slopesFrom } from "../../dist/fitting/slopes.js";
import { type Point, SearchSpace } from "../../dist/search/search-space.js";

const space = new SearchSpace([{ name: "x", min: 0, max: 1, scale: "LINEAR" }]);

/** The last step from a place to where features, functions of it, are as the real ones. */
async function stepped(features: (x: number) => number[], from: number, real: readonly number[]) {
  const of = (x: number) => Float64Array.from(features(x));
  const asked: number[] = [];
  const seenAt = ({ x }: Point): SeenLook => {
    const distance = of(x!).reduce((sum, one, n) => sum + (one - real[n]!) ** 2, 1);
    return { point: { x: x! }, statistics: x, distance } as unknown as SeenLook;
  };
  const slopes = await slopesFrom(seenAt({ x: from }), {
    space,
    free: [0],
    features: { of: (x: unknown) => of(x as number) } as unknown as SlopeOptions["features"],
    take: async (point) => seenAt(point),
  });
  const step = new LinearStep(
    slopes.map(({ features }) => features),
    [new Float64Array(1)],
  );
  const { look, doubts } = await lastStep(seenAt({ x: from }), {
    space,
    featuresOf: ({ point }) => of(point.x!),
    slopes,
    step,
    wanted: of(from).map((one, n) => real[n]! - one),
    take: async (point) => {
      asked.push(point.x!);
      return seenAt(point);
    },
  });
  return { found: look.point.x!, doubt: doubts[0]!, asked };
}

test("where features change evenly the last step leads to the truth, without a doubt", async () => {
  const { found, doubt, asked } = await stepped((x) => [1000 * x, -500 * x], 0.4, [410, -205]);
  assert.ok(Math.abs(found - 0.41) < 1e-6 && Math.abs(doubt) < 1e-6, `${found} ${doubt}`);
  assert.equal(asked.length, 2);
});

test("on rugged ways the doubt is about as large as the error", async () => {
  let [errors, doubts] = [0, 0];
  const tries = 100;
  for (let n = 0; n < tries; n++) {
    // Waves that a slope over ±0.025 does not see, as counts on a grid make.
    const rugged = (x: number) => [1000 * x + 4 * Math.sin(1900 * x + n), 500 * x + 2 * Math.cos(2300 * x + 3 * n)];
    const truth = 0.42 + 0.0027 * n;
    const { found, doubt } = await stepped(rugged, truth - 0.004 - 1e-4 * n, rugged(truth));
    errors += (found - truth) ** 2;
    doubts += doubt ** 2;
  }
  const [error, doubt] = [Math.sqrt(errors / tries), Math.sqrt(doubts / tries)];
  assert.ok(error > 1e-3 && doubt > 0.5 * error && doubt < 2 * error, `${doubt} for ${error}`);
});

test("where the second look is far worse than the first, the first is kept", async () => {
  // Bent so that the step, which is held at its longest, seems to have gone too far.
  const bent = (x: number) => [1000 * x, x > 0.45 ? 900 : 0];
  const { found } = await stepped(bent, 0.4, [500, 900]);
  assert.ok(Math.abs(found - 0.5) < 1e-6, `${found}`);
});

test("steps along two lines, one of whole numbers, are looked at together", async () => {
  const two = new SearchSpace([
    { name: "x", min: 0, max: 1, scale: "LINEAR" },
    { name: "bits", min: 6, max: 10, scale: "LINEAR", whole: true },
  ]);
  const of = ({ x, bits }: Point) => Float64Array.of(1000 * x!, 300 * bits!, 500 * x! + 20 * bits!);
  const truth = of({ x: 0.41, bits: 8 });
  const seenAt = (point: Point): SeenLook => {
    const distance = of(point).reduce((sum, one, n) => sum + (one - truth[n]!) ** 2, 1);
    return { point, statistics: point, distance } as unknown as SeenLook;
  };
  const from = seenAt({ x: 0.4, bits: 8 });
  const slopes = await slopesFrom(from, {
    space: two,
    free: [0, 1],
    features: { of: (point: unknown) => of(point as Point) } as unknown as SlopeOptions["features"],
    take: async (point) => seenAt(point),
  });
  const noise = [new Float64Array(2), new Float64Array(2)];
  const step = new LinearStep(
    slopes.map(({ features }) => features),
    noise,
  );
  const wanted = of(from.point).map((one, n) => truth[n]! - one);
  const take = async (point: Point) => seenAt(point);
  const { look, doubts } = await lastStep(from, {
    space: two,
    featuresOf: ({ point }) => of(point),
    slopes,
    step,
    wanted,
    take,
  });
  assert.ok(Math.abs(look.point.x! - 0.41) < 1e-5 && look.point.bits === 8, JSON.stringify(look.point));
  assert.ok(
    doubts.every((doubt) => Math.abs(doubt) < 1e-5),
    `${doubts}`,
  );
});

test("a step that leads to where tiles differ more is none, and the doubt of it stays", async () => {
  const edged = (x: number) => [1000 * x + (x > 0.405 && x < 0.42 ? 400 : 0)];
  const { found, doubt } = await stepped(edged, 0.4, [410]);
  assert.equal(found, 0.4);
  assert.ok(Math.abs(doubt) > 0.01, `${doubt}`);
});
