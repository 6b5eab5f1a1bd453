import assert from "node:assert/strict";
import { test } from "node:test";
import { type Crappifier, crappify } from "@pssr/crappifiers";
import { lawOf, measuredNumbers, numbersOf } from "../../dist/fitting/detector-law.js";
import { CrappifierTemplate } from "../../dist/template/crappifier-template.js";
import { crappifierOf } from "./microscope.js";

const camera = (numbers: Record<string, number>) => ({
  kind: "camera",
  ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, { value }])),
});
const poisson = { kind: "poisson", mix: { value: 2 } };
const gaussian = { kind: "gaussian", sigma: { value: 7 }, mean: { value: 4 } };

/** Mean and variance of a field of one grey value behind these steps. */
function seenOf(detector: Crappifier["detector"], grey: number) {
  const [height, width] = [256, 256];
  const levels = { black: 0, white: 255, saturation: [-1e5, 1e5] as const };
  const tile = {
    data: new Float32Array(height * width).fill(grey),
    dtype: "float32" as const,
    frames: 1,
    height,
    width,
  };
  const crappifier: Crappifier = { optics: [], sampling: { scale: 1, kernel: "POINT" }, detector };
  const { data } = crappify(crappifier, tile, levels, { seed: 1n, image: "flat", tile: 0, epoch: 0 });
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  return { mean, variance: data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length };
}

test("the law of a detector is what its steps do to a field of one grey value", () => {
  for (const steps of [
    [camera({ photons: 100, read_noise: 5, gain: 2, offset: 10 })],
    [poisson, gaussian],
    [gaussian, camera({ photons: 60, read_noise: 0, gain: 0.5 })],
    [camera({ photons: 400, read_noise: 9, offset: 12 }), poisson],
  ]) {
    const { detector } = crappifierOf({ detector: steps });
    const { gain, slope, variance, offset } = lawOf(detector);
    for (const grey of [40, 200]) {
      const seen = seenOf(detector, grey);
      assert.ok(Math.abs(seen.mean - gain * grey - offset) < 0.3, `mean ${seen.mean}`);
      const expected = slope * (seen.mean - offset) + variance;
      assert.ok(
        Math.abs(seen.variance / expected - 1) < 0.03,
        `${JSON.stringify(steps)}: ${seen.variance}, ${expected}`,
      );
    }
  }
});

const ranges = {
  photons: { path: "detector[0].photons.value", min: 5, max: 20000, scale: "LOG" as const },
  read: { path: "detector[0].read_noise.value", min: 0, max: 50, scale: "LINEAR" as const },
};
const templateOf = (steps: object[], names: (keyof typeof ranges)[]) =>
  new CrappifierTemplate(
    crappifierOf({ detector: steps }),
    names.map((name) => ranges[name]),
    [],
  );

test("the numbers of a template give back the law that they were made from", () => {
  for (const [steps, names] of [
    [[camera({ photons: 150, read_noise: 6, gain: 3 })], ["photons", "read"]],
    [
      [camera({ photons: 150, read_noise: 6 }), gaussian],
      ["photons", "read"],
    ],
    [[camera({ photons: 150, read_noise: 6 }), poisson], ["photons"]],
    [[camera({ photons: 150, read_noise: 6 })], ["read"]],
  ] as const) {
    const law = lawOf(crappifierOf({ detector: [...steps] }).detector);
    const others = templateOf(
      [{ ...steps[0], ...camera(names.includes("photons" as never) ? { photons: 900 } : {}) }, ...steps.slice(1)],
      [...names],
    );
    const found = numbersOf(law, others);
    for (const name of names) {
      const truth = { photons: 150, read: 6 }[name];
      const number = found[ranges[name].path]!;
      assert.ok(Math.abs(number / truth - 1) < 1e-6, `${JSON.stringify(steps)}: ${name} ${number}, not ${truth}`);
    }
  }
});

test("noise that is not there leaves numbers that a crappifier may have", () => {
  const found = numbersOf({ slope: 0, variance: 100, offset: 0 }, templateOf([camera({})], ["photons", "read"]));
  const [photons, read] = [ranges.photons, ranges.read].map(({ path }) => found[path]!);
  assert.ok(photons! <= 1e6 && read! <= 1e4 * (1 + 1e-9));
  assert.ok(Math.abs((255 / photons!) * read! - 10) < 0.1, `${photons} photons, ${read} electrons`);
  const none = numbersOf({ slope: 0, variance: 0, offset: 0 }, templateOf([camera({ read_noise: 0 })], ["photons"]));
  assert.equal(none[ranges.photons.path], 1e6);
});

test("a measurement is told in the numbers of the template's camera", () => {
  const one = (value: number) => ({ value, low: value, high: value });
  const estimates = { "poisson.mix": one(1.5), "gaussian.sigma": one(6), "gaussian.mean": one(2) };
  const amplified = templateOf([camera({ gain: 2 })], ["photons", "read"]);
  const photons = (method: "PAIRS" | "BLIND") =>
    measuredNumbers(amplified, { method, estimates })[ranges.photons.path]!;
  // Behind the gain a photon is twice as high; pairs tell intensities in front of it.
  assert.ok(Math.abs(photons("BLIND") - (2 * 255) / 1.5 ** 2) < 1e-6);
  assert.ok(Math.abs(photons("PAIRS") - (4 * 255) / 1.5 ** 2) < 1e-6);
  const dark = { "gaussian.sigma": one(6), "gaussian.mean": one(2) };
  const template = templateOf([camera({ photons: 255 })], ["photons", "read"]);
  const found = measuredNumbers(template, { method: "DARK_FRAMES", estimates: dark });
  assert.deepEqual(Object.keys(found), [ranges.read.path]);
  assert.ok(Math.abs(found[ranges.read.path]! - 6) < 1e-6);
});
