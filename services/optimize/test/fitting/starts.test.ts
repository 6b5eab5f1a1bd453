import assert from "node:assert/strict";
import { test } from "node:test";
import { startsOf } from "../../dist/fitting/starts.js";
import { CrappifierTemplate } from "../../dist/template/crappifier-template.js";
import { crappifierOf } from "./microscope.js";

const mix = "detector[0].mix.value";
const sigma = "detector[1].sigma.value";
const template = new CrappifierTemplate(
  crappifierOf({
    detector: [
      { kind: "poisson", mix: { value: 2 } },
      { kind: "gaussian", sigma: { value: 20 } },
    ],
  }),
  [
    { path: mix, min: 0.05, max: 8, scale: "LOG" },
    { path: sigma, min: 0.5, max: 60, scale: "LOG" },
  ],
  [],
);
const measured = (estimates: Record<string, { value: number; low: number; high: number }>) =>
  startsOf(template, [{ method: "PAIRS", estimates, misfit: 1 }]);

test("a search begins at the template's numbers and at what was measured, held within the ranges", () => {
  const estimates = {
    "poisson.mix": { value: 1.2, low: 1.1, high: 1.3 },
    "gaussian.sigma": { value: 99, low: 90, high: 110 },
  };
  assert.deepEqual(measured(estimates), [
    { [mix]: 2, [sigma]: 20 },
    { [mix]: 1.2, [sigma]: 60 },
  ]);
});

test("noise that was measured as none, but may be some, is looked for from within its interval too", () => {
  const estimates = {
    "poisson.mix": { value: 1.5, low: 1.1, high: 1.5 },
    "gaussian.sigma": { value: 0, low: 0, high: 12 },
  };
  const { [mix]: photon, [sigma]: none } = measured(estimates)[1]!;
  assert.deepEqual([photon, none], [1.5, 0.5]);
  assert.deepEqual(measured(estimates)[2], { [mix]: 1.5, [sigma]: 6 });
});

test("what is measured as the template has it is one start, not two", () => {
  assert.equal(measured({}).length, 1);
});
