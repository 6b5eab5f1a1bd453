import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import type { FitOutcome, FittedParameter } from "../../dist/fitting/fit-outcome.js";
import type { GreyTile } from "../../dist/fitting/fit-problem.js";
import type { ParameterRange } from "../../dist/template/crappifier-template.js";
import { crappifierOf, degraded, fitted, highTiles, pairsOf, problemOf } from "./microscope.js";

const tiles = highTiles(16);
/** Of which enough are held back to tell how well a fit agrees. */
const many = highTiles(24);
const mix: ParameterRange = { path: "detector[0].mix.value", min: 0.05, max: 8, scale: "LOG" };
const sigma: ParameterRange = { path: "detector[0].sigma.value", min: 0.5, max: 60, scale: "LOG" };
const blur: ParameterRange = { path: "optics[0].sigma.value", min: 0, max: 8, scale: "LINEAR" };
const poisson = (value: number, spread = 0) => ({ kind: "poisson", mix: { value, spread } });
const gaussian = (value: number) => ({ kind: "gaussian", sigma: { value } });
const gaussianBlur = (value: number) => ({ kind: "gaussian_blur", sigma: { value } });

function near(outcome: FitOutcome, path: string, truth: number, tolerance: number): void {
  const { value, low, high, isIdentified } = outcome.parameters.find((one) => one.path === path)!;
  assert.ok(Math.abs(value / truth - 1) < tolerance, `${path}: ${value}, and it is ${truth}`);
  assert.ok(low <= value && value <= high && high - low < 6 * tolerance * truth, `${path}: ${low} to ${high}`);
  assert.ok(isIdentified);
}

test("photon noise is found within 5 %, its interval holds the truth, and tiles held back agree", async () => {
  const truth = crappifierOf({ detector: [poisson(1.3)] });
  const { outcome, kept } = await fitted(
    problemOf(crappifierOf({ detector: [poisson(0.5)] }), [mix], pairsOf(truth, many)),
  );
  near(outcome, mix.path, 1.3, 0.05);
  const [{ low, high }] = outcome.parameters as [FittedParameter];
  assert.ok(low <= 1.3 && 1.3 <= high, `${low} to ${high}`);
  assert.equal(outcome.crappifier.detector[0]!.kind, "poisson");
  assert.ok(outcome.goodness!.low < 1.2 && outcome.goodness!.high > 0.8, `${outcome.goodness!.ratio}`);
  assert.ok(outcome.goodness!.templateRatio! > 10 * outcome.goodness!.ratio);
  assert.deepEqual([outcome.fittedTiles, outcome.heldOutTiles], [18, 6]);
  assert.ok(kept.length <= 40);
  assert.deepEqual(outcome.findings, []);
});

test("noise of few pixels has more luck than that of each, which is measured, and nothing is searched for that is there", async () => {
  const truth = crappifierOf({ detector: [{ kind: "salt_and_pepper", amount: { value: 0.02 } }] });
  const template = crappifierOf({ detector: [{ kind: "salt_and_pepper", amount: { value: 0.1 } }] });
  const amount: ParameterRange = { path: "detector[0].amount.value", min: 0, max: 0.2, scale: "LINEAR" };
  const { outcome, kept } = await fitted(problemOf(template, [amount], pairsOf(truth, many)));
  assert.ok(outcome.expectedDistance! > 3, `${outcome.expectedDistance}`);
  assert.ok(outcome.distance < 3 * outcome.expectedDistance!, `${outcome.distance} of ${outcome.expectedDistance}`);
  assert.ok(kept.every(({ phase }) => phase !== "SEARCH"));
  const photons = await fitted(
    problemOf(
      crappifierOf({ detector: [poisson(0.5)] }),
      [mix],
      pairsOf(crappifierOf({ detector: [poisson(1.3)] }), many),
    ),
  );
  assert.ok(photons.outcome.expectedDistance! > 0.5 && photons.outcome.expectedDistance! < 2);
});

test("blur, photon and read noise are found together within 10 %", async () => {
  const truth = crappifierOf({ optics: [gaussianBlur(2.5)], detector: [poisson(1.2), gaussian(8)] });
  const template = crappifierOf({ optics: [gaussianBlur(1)], detector: [poisson(0.5), gaussian(3)] });
  const read = { ...sigma, path: "detector[1].sigma.value" };
  const problem = problemOf(template, [blur, mix, read], pairsOf(truth, tiles), { budget: { evaluations: 60 } });
  const { outcome } = await fitted(problem);
  near(outcome, blur.path, 2.5, 0.1);
  near(outcome, mix.path, 1.2, 0.1);
  near(outcome, read.path, 8, 0.1);
});

test("a fit goes on from the looks it has kept, repeats none of them, and ends as if it had never stopped", async () => {
  const truth = crappifierOf({ optics: [gaussianBlur(2)], detector: [poisson(1)] });
  const template = crappifierOf({ optics: [gaussianBlur(1)], detector: [poisson(0.5)] });
  const problem = problemOf(template, [blur, mix], pairsOf(truth, tiles));
  const whole = await fitted(problem);
  for (const earlier of [1, 7, 20, whole.kept.length - 4, whole.kept.length - 1]) {
    const { outcome, kept, asked } = await fitted(problem, whole.kept.slice(0, earlier));
    assert.deepEqual(outcome, whole.outcome, `after ${earlier}`);
    assert.deepEqual(
      asked.map(({ index }) => index),
      whole.asked.slice(earlier).map(({ index }) => index),
    );
    assert.deepEqual(
      kept.map(({ values }) => values),
      whole.kept.slice(earlier).map(({ values }) => values),
    );
  }
  const { outcome } = await fitted(problem, whole.kept);
  assert.deepEqual(outcome, whole.outcome, "after all of them");
});

test("a budget of time ends the search, and the looks for intervals are still taken", async () => {
  const truth = crappifierOf({ detector: [poisson(1.3)] });
  const problem = problemOf(crappifierOf({ detector: [poisson(0.5)] }), [mix], pairsOf(truth, tiles), {
    budget: { seconds: 0.001 },
  });
  const { outcome, kept } = await fitted(problem);
  assert.deepEqual(
    kept.map(({ phase }) => phase),
    ["START", "START", ...Array(7).fill("INTERVALS"), "HELD_OUT", "HELD_OUT"],
  );
  near(outcome, mix.path, 1.3, 0.05);
});

test("unpaired images of the same kind tell the noise too", async () => {
  const truth = crappifierOf({ detector: [gaussian(9)] });
  const { fitted: a, heldOut: b } = pairsOf(truth, tiles);
  const sets = {
    fitted: { real: a.real.filter((_, n) => n % 2 === 0), high: a.high.filter((_, n) => n % 2 === 1) },
    heldOut: { real: b.real.slice(0, 2), high: b.high.slice(2) },
  };
  const template = crappifierOf({ detector: [gaussian(2)] });
  const { outcome } = await fitted(problemOf(template, [sigma], sets, { isPaired: false }));
  near(outcome, sigma.path, 9, 0.1);
  assert.equal(outcome.detector[0]!.method, "BLIND");
});

test("PSSR2's objective finds about as much noise, by searching alone, and is refused for images that are no pairs", async () => {
  const truth = crappifierOf({ detector: [gaussian(9)] });
  const template = crappifierOf({ detector: [gaussian(2)] });
  const problem = problemOf(template, [sigma], pairsOf(truth, tiles), { objective: "PROFILE" });
  const { outcome, kept } = await fitted(problem);
  const { value } = outcome.parameters[0]!;
  // It counts the luck of each tile's mean, which less noise makes smaller: on tiles as small as these it ends too low.
  assert.ok(value > 6 && value < 9.5, `${value}`);
  assert.ok(kept.every(({ phase }) => phase !== "DESCENT"));
  const refused = fitted({ ...problem, isPaired: false });
  await assert.rejects(refused, (error) => isPssrError(error, "INVALID_FIELD") && error.field === "objective");
});

test("a step that the microscope does not have is left out", async () => {
  const truth = crappifierOf({ detector: [gaussian(9)] });
  const template = crappifierOf({ optics: [gaussianBlur(3)], detector: [gaussian(2)] });
  const ranges = [{ ...blur, min: 1 }, sigma];
  const problem = problemOf(template, ranges, pairsOf(truth, tiles), { optional: ["optics[0]"] });
  const { outcome } = await fitted(problem);
  assert.deepEqual(outcome.kept, []);
  assert.deepEqual(outcome.crappifier.optics, []);
  near(outcome, sigma.path, 9, 0.05);
  assert.deepEqual(
    outcome.findings.filter(({ subject }) => subject === blur.path),
    [],
  );
});

test("the noise that high-resolution images have themselves is not taken for the microscope's", async () => {
  const own = {
    optics: [],
    sampling: { scale: 1, kernel: "POINT" as const },
    detector: crappifierOf({ detector: [gaussian(25)] }).detector,
  };
  const truth = crappifierOf({ detector: [gaussian(6)] });
  const { fitted: a, heldOut: b } = pairsOf(truth, tiles);
  const noisy = (high: typeof tiles) => high.map((tile, n) => degraded(own, tile, BigInt(n)));
  const sets = { fitted: { ...a, high: noisy([...a.high]) }, heldOut: { ...b, high: noisy([...b.high]) } };
  const template = crappifierOf({ detector: [gaussian(2)] });
  const known = await fitted(problemOf(template, [sigma], sets, { highNoise: own.detector }));
  near(known.outcome, sigma.path, 6, 0.05);
  const unknown = await fitted(problemOf(template, [sigma], sets));
  assert.ok(unknown.outcome.parameters[0]!.value > 1.1 * known.outcome.parameters[0]!.value);
});

test("how much noise varies from tile to tile is found as a spread", async () => {
  const truth = crappifierOf({ detector: [poisson(1.3, 0.4)] });
  const spread: ParameterRange = { path: "detector[0].mix.spread", min: 0, max: 1, scale: "LINEAR" };
  const problem = problemOf(crappifierOf({ detector: [poisson(1)] }), [mix, spread], pairsOf(truth, tiles), {
    budget: { evaluations: 60 },
  });
  const { outcome } = await fitted(problem);
  const [, found] = outcome.parameters;
  assert.ok(
    found!.value > 0.15 && found!.low < 0.4 && found!.high > 0.4,
    `${found!.low} ${found!.value} ${found!.high}`,
  );
});

test("a truth beyond the range is told as the range's edge, and noise that no step makes as a poor fit", async () => {
  const truth = crappifierOf({ detector: [poisson(2)] });
  const narrow = problemOf(crappifierOf({ detector: [poisson(0.5)] }), [{ ...mix, max: 1 }], pairsOf(truth, many));
  const { outcome } = await fitted(narrow);
  const kinds = outcome.findings.map(({ kind, subject }) => `${kind} ${subject}`);
  assert.ok(kinds.includes(`EDGE_OF_RANGE ${mix.path}`), kinds.join());
  assert.ok(
    kinds.some((kind) => kind.startsWith("POOR_FIT")),
    kinds.join(),
  );
  assert.equal(outcome.parameters[0]!.value, 1);
});

test("an end of a range beyond which there is nothing is no finding", async () => {
  const truth = crappifierOf({ detector: [gaussian(9)] });
  const template = crappifierOf({ optics: [gaussianBlur(1)], detector: [gaussian(2)] });
  const { outcome } = await fitted(problemOf(template, [blur, sigma], pairsOf(truth, many)));
  assert.ok(outcome.parameters[0]!.value < 0.3);
  assert.deepEqual(outcome.findings, []);
});

test("where too few tiles are held back to tell how well it agrees, a finding says so, and the curves are there", async () => {
  const truth = crappifierOf({ detector: [gaussian(9)] });
  const { outcome } = await fitted(
    problemOf(crappifierOf({ detector: [gaussian(2)] }), [sigma], pairsOf(truth, tiles)),
  );
  assert.equal(outcome.heldOutTiles, 4);
  assert.equal(outcome.goodness, undefined);
  assert.ok(outcome.comparison!.profile.length > 10);
  const [finding, ...others] = outcome.findings;
  assert.deepEqual(others, []);
  assert.equal(finding!.kind, "FEW_TILES");
  assert.match(finding!.message, /not measured: 4 tiles are held back, and it takes 6; give .*\(tile_size\)/);
});

test("a parameter that the images do not show is named", async () => {
  // Photons by the million: one more or less cannot be seen beside rounding.
  const truth = crappifierOf({
    detector: [{ kind: "camera", photons: { value: 1e6 }, read_noise: { value: 0 } }, gaussian(5)],
  });
  const photons: ParameterRange = { path: "detector[0].photons.value", min: 5e5, max: 1e6, scale: "LOG" };
  const read = { ...sigma, path: "detector[1].sigma.value" };
  const { outcome } = await fitted(problemOf(truth, [photons, read], pairsOf(truth, tiles)));
  const kinds = outcome.findings.map(({ kind, subject }) => `${kind} ${subject}`);
  assert.ok(kinds.includes(`NOT_IDENTIFIED ${photons.path}`), kinds.join());
  near(outcome, read.path, 5, 0.05);
});

test("faint noise beside stronger noise has an interval down to where it cannot be seen", async () => {
  const truth = crappifierOf({ optics: [gaussianBlur(2.5)], detector: [poisson(1.2), gaussian(1.2)] });
  const template = crappifierOf({ optics: [gaussianBlur(4)], detector: [poisson(0.6), gaussian(5)] });
  const ranges = [blur, mix, { ...sigma, path: "detector[1].sigma.value" }];
  for (const seed of [1, 2, 3]) {
    const { outcome } = await fitted(problemOf(template, ranges, pairsOf(truth, highTiles(24), seed), { seed }));
    const [, photon, faint] = outcome.parameters;
    assert.ok(faint!.low < 1.2 && faint!.high > 1.2 && faint!.high < 8, `${seed}: ${faint!.low} to ${faint!.high}`);
    assert.ok(photon!.low < 1.2 && photon!.high > 1.2, `${seed}: ${photon!.low} to ${photon!.high}`);
  }
});

test("a tile that was cut from a larger image is degraded with what lies around it, or its edges look like noise", async () => {
  const truth = crappifierOf({ optics: [gaussianBlur(4)], detector: [gaussian(1.5)] });
  const sets = pairsOf(truth, tiles);
  // Of 64 low-resolution pixels the middle 48, and the high-resolution pixels without or with what lies around them.
  const low = (tile: GreyTile) => cut(tile, 8, 48);
  const bare = (tile: GreyTile) => cut(tile, 32, 192);
  const around = (tile: GreyTile) => ({ ...tile, inner: { top: 8, left: 8, height: 48, width: 48 } });
  const changed = (change: (tile: GreyTile) => GreyTile) => ({
    fitted: { real: sets.fitted.real.map(low), high: sets.fitted.high.map(change) },
    heldOut: { real: sets.heldOut.real.map(low), high: sets.heldOut.high.map(change) },
  });
  const template = crappifierOf({ optics: [gaussianBlur(1)], detector: [gaussian(2)] });
  const whole = await fitted(problemOf(template, [blur, sigma], changed(around)));
  const off = ({ parameters }: FitOutcome) => Math.abs(parameters[0]!.value / 4 - 1);
  assert.ok(off(whole.outcome) < 0.005, `${off(whole.outcome)}`);
  const edged = await fitted(problemOf(template, [blur, sigma], changed(bare)));
  assert.ok(off(edged.outcome) > 0.01, `${off(edged.outcome)}`);
  assert.equal(whole.outcome.comparison!.simulated.width, 48);
});

function cut(tile: GreyTile, from: number, side: number): GreyTile {
  const values = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    const start = (from + y) * tile.width + from;
    values.set(tile.values.subarray(start, start + side) as Uint8Array, y * side);
  }
  return { ...tile, height: side, width: side, values };
}
