import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import type { FitProblem, GreyTile, TileSet } from "../../dist/fitting/fit-problem.js";
import { crappifierOf, degraded, fitted, highTiles, pairsOf, problemOf } from "./microscope.js";

const tiles = highTiles(8);
const gaussian = crappifierOf({ detector: [{ kind: "gaussian", sigma: { value: 6 } }] });
const sigma = { path: "detector[0].sigma.value", min: 0.5, max: 60, scale: "LOG" as const };
const sets = pairsOf(gaussian, tiles);

function changed(change: (tile: GreyTile, n: number) => GreyTile): FitProblem {
  const set = ({ real, high }: TileSet): TileSet => ({ real: real.map(change), high });
  return problemOf(gaussian, [sigma], { fitted: set(sets.fitted), heldOut: set(sets.heldOut) });
}

async function refusal(problem: FitProblem, field: string, words: RegExp): Promise<void> {
  await assert.rejects(fitted(problem), (error) => {
    assert.ok(isPssrError(error, "UNSUITABLE_IMAGES"), String(error));
    assert.equal(error.field, field);
    assert.match(error.message, words);
    return true;
  });
}

test("a constant image is refused by its field, low or high", async () => {
  const flat = (tile: GreyTile) => ({ ...tile, values: new Uint8Array(tile.values.length).fill(90) });
  const field = tiles[2]!.field.replace("high", "low");
  await refusal(
    changed((tile) => (tile.field === field ? flat(tile) : tile)),
    field,
    /all the same/,
  );
  const high = { real: sets.fitted.real, high: sets.fitted.high.map((tile, n) => (n === 1 ? flat(tile) : tile)) };
  const problem = problemOf(gaussian, [sigma], { fitted: high, heldOut: sets.heldOut });
  await refusal(problem, tiles[1]!.field, /all the same/);
});

test("an image that is mostly cut off is refused, one that is partly so is named", async () => {
  const sorted = [...sets.fitted.real[0]!.values].sort((a, b) => a - b);
  const cut = (share: number) => (tile: GreyTile) => {
    const white = sorted[Math.floor((1 - share) * sorted.length)]!;
    return tile.field === sets.fitted.real[0]!.field
      ? { ...tile, values: tile.values.map((value) => (value > white ? 255 : value)) }
      : tile;
  };
  await refusal(changed(cut(0.7)), "pairs[0].low", /cut off at black or white; at most 50 %/);
  const { outcome } = await fitted(changed(cut(0.1)));
  const [clipped] = outcome.findings.filter(({ kind }) => kind === "CLIPPED");
  assert.equal(clipped!.subject, "pairs[0].low");
});

test("a pair that lies apart is refused, and the words say how far", async () => {
  const apart = (tile: GreyTile): GreyTile => {
    const { height, width } = tile;
    const moved = tile.values.slice();
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        moved[y * width + x] = tile.values[Math.max(y - 2, 0) * width + Math.min(x + 3, width - 1)]!;
      }
    }
    return { ...tile, values: moved };
  };
  await refusal(changed(apart), "pairs[0].low", /-3 low-resolution pixels to the right of and 2 below/);
});

test("pairs that lie apart by part of a pixel are named with how far, and those that do not are not", async () => {
  const truth = crappifierOf({
    optics: [{ kind: "gaussian_blur", sigma: { value: 2 } }],
    detector: gaussian.detector as unknown[],
  });
  const template = crappifierOf({
    optics: [{ kind: "gaussian_blur", sigma: { value: 1 } }],
    detector: gaussian.detector as unknown[],
  });
  const blur = { path: "optics[0].sigma.value", min: 0, max: 6, scale: "LINEAR" } as const;
  for (const by of [0, 1]) {
    const shifted = (tile: GreyTile, n: number) => {
      const values = tile.values.map((_, at) => tile.values[Math.max(at - by * (tile.width + 1), 0)]!);
      return degraded(truth, { ...tile, values }, BigInt(100 + n));
    };
    const real = ({ high }: TileSet): TileSet => ({ high, real: high.map(shifted) });
    const problem = problemOf(template, [blur], { fitted: real(sets.fitted), heldOut: real(sets.heldOut) });
    const { outcome } = await fitted(problem);
    const found = outcome.findings.filter(({ kind }) => kind === "DISPLACED");
    assert.equal(found.length, by);
    for (const { message } of found)
      assert.match(message, /0\.[23]\d low-resolution pixels to the right of and 0\.[23]\d below/);
  }
});

test("pairs that have nothing in common are named", async () => {
  const blank = (tile: GreyTile) => ({ ...tile, values: new Uint8Array(tile.values.length).fill(128) });
  const real = ({ high }: TileSet): TileSet => ({
    high,
    real: high.map((t, n) => degraded(gaussian, blank(t), BigInt(n))),
  });
  const problem = problemOf(gaussian, [sigma], { fitted: real(sets.fitted), heldOut: real(sets.heldOut) });
  const { outcome } = await fitted(problem);
  const words = outcome.findings.map(({ kind, message }) => `${kind} ${message}`);
  assert.ok(
    words.some((one) => /^DISPLACED .* next to nothing in common with its high-resolution image/.test(one)),
    words.join("\n"),
  );
});

test("few tiles are named, and too few to hold any back leave the agreement unmeasured", async () => {
  const few: TileSet = { real: sets.fitted.real.slice(0, 3), high: sets.fitted.high.slice(0, 3) };
  const none: TileSet = { real: [], high: [] };
  const { outcome } = await fitted(problemOf(gaussian, [sigma], { fitted: few, heldOut: none }));
  assert.ok(outcome.findings.some(({ kind }) => kind === "FEW_TILES"));
  assert.equal(outcome.goodness, undefined);
  assert.equal(outcome.comparison, undefined);
});

test("tiles that cannot be of one microscope are fitted badly, and that is said", async () => {
  const stranger = crappifierOf({
    detector: [{ kind: "salt_and_pepper", amount: { value: 0.1 }, salt: { value: 1 } }],
  });
  const real = (set: TileSet, n: number): TileSet => ({
    ...set,
    real: set.high.map((tile, i) => degraded(stranger, tile, BigInt(100 * n + i))),
  });
  const problem = problemOf(gaussian, [sigma], {
    fitted: real(sets.fitted, 1),
    heldOut: real(pairsOf(gaussian, highTiles(24)).heldOut, 2),
  });
  const { outcome } = await fitted(problem);
  assert.ok(
    outcome.findings.some(({ kind }) => kind === "POOR_FIT"),
    JSON.stringify(outcome.goodness),
  );
});
