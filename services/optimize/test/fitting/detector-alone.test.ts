import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import type { FitProblem, GreyTile } from "../../dist/fitting/fit-problem.js";
import { crappifierOf, degraded, fitted, highTiles, problemOf } from "./microscope.js";

const camera = { kind: "camera", photons: { value: 200 }, read_noise: { value: 8 }, offset: { value: 5 } };
const truth = { ...crappifierOf({ detector: [camera] }), sampling: { scale: 1, kernel: "POINT" as const } };
const none = { real: [], high: [] };
const tiles = highTiles(4);
const scans = tiles.map((tile, n) => ({
  first: degraded(truth, tile, BigInt(2 * n)),
  second: degraded(truth, tile, BigInt(2 * n + 1)),
}));
const black: GreyTile = { ...tiles[0]!, values: new Uint8Array(tiles[0]!.values.length) };
const darkFrames = [{ first: degraded(truth, black, 1001n), second: degraded(truth, black, 1002n) }];

function problem(paths: string[], detector: FitProblem["detector"]): FitProblem {
  const ranges = paths.map((path) => ({
    path,
    min: path.includes("offset") ? -30 : 1,
    max: 5000,
    scale: "LINEAR" as const,
  }));
  const limited = ranges.map((range) => ({ ...range, max: range.path.includes("offset") ? 60 : range.max }));
  return problemOf(truth, limited, { fitted: none, heldOut: none }, { detector });
}

test("two scans and dark frames measure a detector without anything to be looked for", async () => {
  const paths = ["photons", "read_noise", "offset"].map((name) => `detector[0].${name}.value`);
  const { outcome, asked } = await fitted(problem(paths, { scans, darkFrames }));
  assert.deepEqual(asked, []);
  [200, 8, 5].forEach((value, n) => {
    const found = outcome.parameters[n]!;
    assert.ok(Math.abs(found.value / value - 1) < 0.1, `${found.path}: ${found.value}, and it is ${value}`);
    assert.ok(found.low <= found.value && found.value <= found.high && found.isIdentified);
  });
  assert.equal(outcome.detector[0]!.method, "TWO_SCANS");
  assert.equal(outcome.goodness, undefined);
});

test("what a detector's images do not tell is refused by its path", async () => {
  const asked = problem(["detector[0].photons.value", "detector[0].gain.value"], { scans, darkFrames: [] });
  const gain = asked.ranges.map((range) => (range.path.includes("gain") ? { ...range, max: 100 } : range));
  await assert.rejects(fitted({ ...asked, ranges: gain }), (error) => {
    assert.ok(isPssrError(error, "INVALID_FIELD"));
    assert.equal(error.field, "ranges[1].path");
    return true;
  });
  const nothing = problem(["detector[0].photons.value"], { scans: [], darkFrames: [] });
  await assert.rejects(
    fitted(nothing),
    (error) => isPssrError(error, "INVALID_FIELD") && error.field === "detector_images",
  );
});

test("an offset is told by dark frames only", async () => {
  const { outcome } = await fitted(problem(["detector[0].photons.value"], { scans, darkFrames: [] }));
  assert.deepEqual(Object.keys(outcome.detector[0]!.estimates), [
    "camera.photons",
    "camera.read_noise",
    "poisson.mix",
    "gaussian.sigma",
  ]);
});

test("scans and dark frames that are copies are refused: they would say that there is no noise", async () => {
  const isCopy = (field: string) => (error: unknown) =>
    isPssrError(error, "UNSUITABLE_IMAGES") && error.field === field && /pixel by pixel/.test(error.message);
  const named = (tile: GreyTile, field: string) => ({ ...tile, field });
  const [{ first }] = scans as [(typeof scans)[number]];
  const twice = [{ first: named(first, "scans[0].first"), second: named(first, "scans[0].second") }];
  const photons = ["detector[0].photons.value"];
  await assert.rejects(fitted(problem(photons, { scans: twice, darkFrames: [] })), isCopy("scans[0].second"));
  const [dark, copy] = [0, 1].map((n) => named(darkFrames[0]!.first, `dark_frames[${n}]`));
  const copies = [...darkFrames, { first: dark!, second: copy! }];
  await assert.rejects(fitted(problem(photons, { scans, darkFrames: copies })), isCopy("dark_frames[1]"));
});
