import assert from "node:assert/strict";
import { test } from "node:test";
import { type Crappifier, crappify } from "@pssr/crappifiers";
import { measureDetector } from "../../dist/fitting/measure-detector.js";
import { referenceNoise } from "../../dist/fitting/reference-noise.js";
import { TileMeter } from "../../dist/fitting/tile-meter.js";
import { NoiseFeatures, totalOf } from "../../dist/statistics/noise-features.js";
import { crappifierOf, degraded, highTiles, pairsOf, problemOf } from "./microscope.js";

type Kernel = Crappifier["sampling"]["kernel"];
const sampledBy = (kernel: Kernel, scale = 4) => ({ scale, kernel });
const read = crappifierOf({ detector: [{ kind: "gaussian", sigma: { value: 6 } }] });
const slow = {
  gaussian: crappifierOf({ detector: [{ kind: "gaussian", sigma: { value: 8 } }] }).detector,
  poisson: crappifierOf({ detector: [{ kind: "poisson", mix: { value: 1 } }] }).detector,
};

/** Pairs of a microscope whose slow scans are noisy themselves. */
function problem(kernel: Kernel, highNoise: Crappifier["detector"]) {
  const truth = { ...read, sampling: sampledBy(kernel) };
  const { fitted, heldOut } = pairsOf(truth, highTiles(12));
  const noise: Crappifier = { optics: [], sampling: sampledBy("POINT", 1), detector: highNoise };
  const noisy = {
    ...fitted,
    high: fitted.high.map((tile, n) => ({ ...degraded(noise, tile, BigInt(n)), field: tile.field })),
  };
  return problemOf(truth, [], { fitted: noisy, heldOut }, { highNoise });
}

for (const kernel of ["POINT", "AREA", "BILINEAR"] as const) {
  for (const [kind, highNoise] of Object.entries(slow)) {
    test(`noise of the slow scans that is known does not count as the fast ones': ${kind}, ${kernel}`, () => {
      const { fitted, template, ...given } = problem(kernel, highNoise);
      const meter = new TileMeter(fitted, { ...given, sampling: template.sampling, isRounded: false });
      const features = new NoiseFeatures(meter.real);
      const simulated = meter.of(fitted.high.map((tile, n) => degraded(template, tile, BigInt(500 + n)).values));
      const distance = totalOf(features.distance(features.of(simulated), features.of(meter.real)));
      assert.ok(distance < 2, `with the microscope's own numbers the distance is ${distance}`);
      const { found } = measureDetector({ fitted, template, ...given }, meter);
      assert.deepEqual(
        found.map(({ method }) => method),
        ["PAIRS"],
      );
      const sigma = found[0]!.estimates["gaussian.sigma"]!;
      assert.ok(Math.abs(sigma.value / 6 - 1) < 0.05, `sigma is ${sigma.value}, not 6`);
      assert.ok(found[0]!.misfit < 2, `misfit ${found[0]!.misfit}`);
    });
  }
}

test("of white noise sampling leaves what crappify leaves", () => {
  const side = 768;
  const flat = {
    data: new Float32Array(side * side).fill(100),
    dtype: "float32" as const,
    frames: 1,
    height: side,
    width: side,
  };
  const levels = { black: 0, white: 255, saturation: [-1e4, 1e4] as const };
  for (const kernel of ["POINT", "AREA", "BILINEAR"] as const) {
    for (const scale of [1, 3, 4]) {
      const noise: Crappifier = { optics: slow.gaussian, sampling: sampledBy(kernel, scale), detector: [] };
      const { data } = crappify(noise, flat, levels, { seed: 1n, image: "flat", tile: 0, epoch: 0 });
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      const seen = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
      const { slope, variance } = referenceNoise(slow.gaussian, noise.sampling);
      assert.equal(slope, 0);
      assert.ok(Math.abs(variance / seen - 1) < 0.05, `${kernel} by ${scale}: ${variance}, and it is ${seen}`);
    }
  }
});
