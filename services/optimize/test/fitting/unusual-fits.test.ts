import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import type { FitOutcome } from "../../dist/fitting/fit-outcome.js";
import type { GreyTile, TileSet } from "../../dist/fitting/fit-problem.js";
import type { ParameterRange } from "../../dist/template/crappifier-template.js";
import { crappifierOf, degraded, fitted, highTiles, pairsOf, problemOf } from "./microscope.js";

const tiles = highTiles(16);
/** Of which enough are held back to tell how well a fit agrees. */
const many = highTiles(24);
const gaussian = (value: number) => ({ kind: "gaussian", sigma: { value } });
const sigma: ParameterRange = { path: "detector[0].sigma.value", min: 0.5, max: 60, scale: "LOG" };

/** Whatever is stored of an outcome are numbers. */
function checkFinite(outcome: FitOutcome): void {
  const { comparison: _, ...rest } = outcome;
  JSON.stringify(rest, (name, value: unknown) => {
    if (typeof value === "number") assert.ok(Number.isFinite(value), `${name}: ${value}`);
    return value;
  });
}

test("one tile that is brighter than all others leaves intervals and agreement as they are", async () => {
  const bright = many.map((tile, n) =>
    n === 3 || n === 20 ? { ...tile, values: tile.values.map((value) => 170 + value / 4) } : tile,
  );
  const { outcome } = await fitted(
    problemOf(
      crappifierOf({ detector: [gaussian(2)] }),
      [sigma],
      pairsOf(crappifierOf({ detector: [gaussian(6)] }), bright),
    ),
  );
  checkFinite(outcome);
  const { value, low, high } = outcome.parameters[0]!;
  assert.ok(low < value && value < high && high - low < 0.3, `${low} ${value} ${high}`);
  assert.ok(outcome.goodness!.low < 1.2 && outcome.goodness!.high > 0.8, JSON.stringify(outcome.goodness));
});

test("images without any noise end with numbers, as far as what they were looked for in allows", async () => {
  const spotted = (sigma: number) => ({
    ...crappifierOf({ detector: [gaussian(sigma)] }),
    sampling: { scale: 4, kernel: "POINT" as const },
  });
  for (const range of [{ ...sigma, min: 0, scale: "LINEAR" as const }, sigma]) {
    const { outcome } = await fitted(problemOf(spotted(5), [range], pairsOf(spotted(0), many)));
    checkFinite(outcome);
    assert.equal(outcome.parameters[0]!.value, range.min);
    const { ratio, low } = outcome.goodness!;
    assert.ok(range.min === 0 ? ratio === 1 : low > 10, `${range.min}: ${low} ${ratio}`);
  }
});

test("a fit with a step that may be left out goes on from its looks wherever it stopped, in a search too", async () => {
  // What no step of the template makes: the search has to look everywhere.
  const truth = crappifierOf({ detector: [{ kind: "speckle", sigma: { value: 0.2 } }] });
  const template = crappifierOf({ optics: [{ kind: "gaussian_blur", sigma: { value: 1 } }], detector: [gaussian(2)] });
  const blur: ParameterRange = { path: "optics[0].sigma.value", min: 0, max: 6, scale: "LINEAR" };
  const problem = problemOf(template, [blur, sigma], pairsOf(truth, tiles), {
    optional: ["optics[0]"],
    budget: { evaluations: 36 },
  });
  const whole = await fitted(problem);
  const phases = whole.kept.map(({ phase }) => phase);
  assert.ok(phases.includes("SEARCH"), phases.join());
  for (const earlier of [5, 9, phases.indexOf("SEARCH") + 2, whole.kept.length - 6, whole.kept.length]) {
    const { outcome, asked } = await fitted(problem, whole.kept.slice(0, earlier));
    assert.deepEqual(outcome, whole.outcome, `after ${earlier}`);
    assert.deepEqual(
      asked.map(({ index }) => index),
      // The last look's pixels are wanted once more, for the picture.
      earlier === whole.kept.length ? [earlier] : whole.asked.slice(earlier).map(({ index }) => index),
    );
  }
});

test("looks that do not belong to a fit are refused, not taken for others", async () => {
  const truth = crappifierOf({ detector: [gaussian(6)] });
  const problem = problemOf(crappifierOf({ detector: [gaussian(2)] }), [sigma], pairsOf(truth, tiles.slice(0, 8)));
  const { kept } = await fitted(problem);
  const strange = kept.map((look, n) => (n === 3 ? { ...look, values: [7.5] } : look));
  await assert.rejects(fitted(problem, strange), (error) => isPssrError(error, "OBJECT_CORRUPT"));
});

test("a whole number is found, and one that nothing depends on is named", async () => {
  const binning = (value: number) => ({ kind: "binning", size: { value } });
  const truth = crappifierOf({ detector: [binning(3), gaussian(4)] });
  const ranges: ParameterRange[] = [
    { path: "detector[0].size.value", min: 1, max: 16, scale: "LOG" },
    { ...sigma, path: "detector[1].sigma.value" },
  ];
  const problem = problemOf(crappifierOf({ detector: [binning(2), gaussian(2)] }), ranges, pairsOf(truth, tiles));
  const { outcome } = await fitted(problem);
  assert.equal(outcome.parameters[0]!.value, 3);
  assert.ok(Math.abs(outcome.parameters[1]!.value / 4 - 1) < 0.1, `${outcome.parameters[1]!.value}`);

  const salt = { kind: "salt_and_pepper", amount: { value: 0 }, salt: { value: 0.3 } };
  const idle = crappifierOf({ detector: [gaussian(4), salt] });
  const share: ParameterRange = { path: "detector[1].salt.value", min: 0, max: 1, scale: "LINEAR" };
  const { outcome: other } = await fitted(problemOf(idle, [sigma, share], pairsOf(idle, tiles)));
  const [, found] = other.parameters;
  assert.deepEqual([found!.isIdentified, found!.low, found!.high], [false, 0, 1]);
});

test("a single tile has a value, and an interval that says nothing", async () => {
  const truth = crappifierOf({ detector: [gaussian(6)] });
  const one = (set: TileSet): TileSet => ({ real: set.real.slice(0, 1), high: set.high.slice(0, 1) });
  const { fitted: a, heldOut: b } = pairsOf(truth, tiles);
  const { outcome } = await fitted(
    problemOf(crappifierOf({ detector: [gaussian(2)] }), [sigma], { fitted: one(a), heldOut: one(b) }),
  );
  checkFinite(outcome);
  const { value, low, high, isIdentified } = outcome.parameters[0]!;
  assert.ok(Math.abs(value / 6 - 1) < 0.1);
  assert.deepEqual([low, high, isIdentified], [sigma.min, sigma.max, false]);
});

test("images with levels of their own are measured on one scale", async () => {
  const truth = crappifierOf({ detector: [{ kind: "camera", photons: { value: 200 }, read_noise: { value: 8 } }] });
  const deep = (tile: GreyTile): GreyTile => ({
    ...tile,
    dtype: "uint16",
    values: Uint16Array.from(tile.values, (value) => 100 + 16 * value),
    levels: { black: 100, white: 100 + 16 * 255 },
  });
  const mixed = tiles.map((tile, n) =>
    n === 0 ? { ...tile, levels: { black: -20, white: 300 } } : n % 3 ? tile : deep(tile),
  );
  const photons: ParameterRange = { path: "detector[0].photons.value", min: 5, max: 20_000, scale: "LOG" };
  const { outcome } = await fitted(problemOf(truth, [photons], pairsOf(truth, mixed)));
  const { value } = outcome.detector.find(({ method }) => method === "PAIRS")!.estimates["camera.photons"]!;
  assert.ok(Math.abs(value / 200 - 1) < 0.15, `${value}`);
  assert.ok(Math.abs(outcome.parameters[0]!.value / 200 - 1) < 0.1, `${outcome.parameters[0]!.value}`);
});

test("unpaired images of another brightness are named", async () => {
  const truth = crappifierOf({ detector: [gaussian(6)] });
  const { fitted: a, heldOut: b } = pairsOf(truth, tiles);
  const darker = (set: TileSet): TileSet => ({
    ...set,
    high: set.high.map((tile) => ({ ...tile, values: tile.values.map((value) => 0.5 * value) })),
  });
  const template = crappifierOf({ detector: [gaussian(2)] });
  const { outcome } = await fitted(
    problemOf(template, [sigma], { fitted: darker(a), heldOut: darker(b) }, { isPaired: false }),
  );
  checkFinite(outcome);
  assert.ok(
    outcome.findings.some(({ kind }) => kind === "OTHER_BRIGHTNESS"),
    JSON.stringify(outcome.findings),
  );
});

test("pixels that are no numbers are refused by their image", async () => {
  const float = tiles
    .slice(0, 8)
    .map((tile) => ({ ...tile, dtype: "float32" as const, values: Float32Array.from(tile.values) }));
  const truth = crappifierOf({ detector: [gaussian(6)] });
  const sets = pairsOf(truth, float);
  const high = sets.fitted.high.map((tile, n) =>
    n === 2 ? { ...tile, values: tile.values.map((v, i) => (i === 300 ? NaN : v)) } : tile,
  );
  const problem = problemOf(truth, [sigma], { ...sets, fitted: { ...sets.fitted, high } });
  await assert.rejects(fitted(problem), (error) => {
    assert.ok(isPssrError(error, "UNSUITABLE_IMAGES"), String(error));
    assert.equal(error.field, "pairs[2].high");
    assert.match(error.message, /row 1, column 44.*NaN/);
    return true;
  });
  assert.ok(degraded(truth, float[0]!, 1n).values instanceof Float32Array);
});
