import assert from "node:assert/strict";
import { test } from "node:test";
import type { DetectorMeasurement } from "../../dist/fitting/fit-outcome.js";
import { heldRanges } from "../../dist/fitting/held-ranges.js";
import { CrappifierTemplate, type ParameterRange } from "../../dist/template/crappifier-template.js";
import { crappifierOf, problemOf } from "./microscope.js";

const none = { real: [], high: [] };
const ranges: ParameterRange[] = [
  { path: "optics[0].sigma.value", min: 0, max: 8, scale: "LINEAR" },
  { path: "detector[0].photons.value", min: 5, max: 20_000, scale: "LOG" },
  { path: "detector[0].read_noise.value", min: 0, max: 50, scale: "LINEAR" },
  { path: "detector[0].offset.value", min: -30, max: 60, scale: "LINEAR" },
];
const scans: DetectorMeasurement = {
  method: "TWO_SCANS",
  estimates: {
    "camera.photons": { value: 60, low: 58, high: 62 },
    "camera.read_noise": { value: 2.5, low: 2.4, high: 2.6 },
    "camera.offset": { value: 7, low: 6.9, high: 7.1 },
    // The same law in the terms of other steps.
    "poisson.mix": { value: Math.sqrt(255 / 60), low: 2, high: 2.1 },
    "gaussian.sigma": { value: (2.5 * 255) / 60, low: 10, high: 11 },
    "gaussian.mean": { value: 7, low: 6.9, high: 7.1 },
  },
  misfit: 1,
};

function held(detector: unknown[], isPaired: boolean, method: DetectorMeasurement["method"] = "TWO_SCANS") {
  const template = crappifierOf({ optics: [{ kind: "gaussian_blur" }], detector });
  const problem = { ...problemOf(template, ranges, { fitted: none, heldOut: none }), isPaired };
  return heldRanges(problem, new CrappifierTemplate(template, ranges, []), [{ ...scans, method }]);
}

test("without pairs a search stays with what scans have measured, twice their intervals to each side", () => {
  const [blur, photons, read, offset] = held([{ kind: "camera" }], false);
  assert.deepEqual(blur, ranges[0]);
  assert.deepEqual([photons!.min, photons!.max], [56, 64]);
  assert.ok(Math.abs(read!.min - 2.3) < 1e-9 && Math.abs(read!.max - 2.7) < 1e-9);
  assert.ok(Math.abs(offset!.min - 6.8) < 1e-9 && Math.abs(offset!.max - 7.2) < 1e-9);
});

test("pairs tell it themselves, single images are no measurement to stay with, and other noise is part of the law", () => {
  assert.deepEqual(held([{ kind: "camera" }], true), ranges);
  assert.deepEqual(held([{ kind: "camera" }], false, "BLIND"), ranges);
  assert.deepEqual(held([{ kind: "camera" }, { kind: "speckle" }], false), ranges);
});

test("with another gain the same noise has other numbers, which the intervals are not those of", () => {
  const [, photons] = held([{ kind: "camera", gain: { value: 2 } }], false);
  assert.deepEqual(photons, ranges[1]);
});
