import assert from "node:assert/strict";
import test from "node:test";
import { isPssrError } from "@pssr/api";
import { darkNoise } from "../../dist/closed-forms/dark-frames.js";
import type { DetectorNoise, Estimate } from "../../dist/closed-forms/detector-noise.js";
import { type TwoScanOptions, twoScans } from "../../dist/closed-forms/two-scans.js";
import { changed, deeper, degraded, type Noise, ramp, type Scene, seeds, slice } from "./scenes.js";

const scene = slice("03490");
const black = changed(scene, () => 0);
const covers = ({ low, high }: Estimate, truth: number) => low <= truth && truth <= high;
const within = ({ value }: Estimate, truth: number, share: number) => Math.abs(value - truth) <= share * truth;

function measure(of: Scene, noise: Noise, seed: number, options: TwoScanOptions = {}): DetectorNoise {
  const [first, second] = [2 * seed + 1000, 2 * seed + 1001].map((one) => degraded(of, noise, one));
  return twoScans([{ first: first!, second: second! }], of.levels, { resamples: 100, ...options });
}

const darkFrames = (of: Scene<"uint8"> | Scene<"uint16">, noise: Noise, seed: number) => {
  const [first, second] = [0, 1].map((n) => degraded(of, noise, 10 * seed + n + 5000));
  return [{ first: first!, second: second! }];
};

test("one noise alone is found within 5 % of two scans, and the truth lies in at least nine of ten intervals", () => {
  const cases: [noise: Noise, truth: number, of: (noise: DetectorNoise) => Estimate][] = [
    [{ camera: { photons: 20, read_noise: 0 } }, 20, ({ camera }) => camera.photons],
    [{ camera: { photons: 200, read_noise: 0 } }, 200, ({ camera }) => camera.photons],
    [{ camera: { photons: 2000, read_noise: 0 } }, 2000, ({ camera }) => camera.photons],
    [{ poisson: { mix: 2 } }, 2, ({ poisson }) => poisson.mix],
    [{ gaussian: { sigma: 13 } }, 13, ({ gaussian }) => gaussian.sigma],
  ];
  let covered = 0;
  for (const [noise, truth, of] of cases) {
    for (const seed of seeds) {
      const found = of(measure(seed % 2 === 0 ? scene : deeper(scene), noise, seed));
      assert.ok(within(found, truth, 0.05), `${JSON.stringify(noise)}, seed ${seed}: ${JSON.stringify(found)}`);
      if (covers(found, truth)) covered++;
    }
  }
  assert.ok(covered >= 0.9 * cases.length * seeds.length, `${covered} of ${cases.length * seeds.length}`);
});

test("with dark frames, photons, read noise and offset of a camera are found", () => {
  const noise = { camera: { photons: 200, read_noise: 3, offset: 10 } };
  for (const seed of seeds.slice(0, 6)) {
    const [lit, dark] = seed % 2 === 0 ? [scene, black] : [deeper(scene), deeper(black)];
    const { camera, misfit } = measure(lit, noise, seed, { darkFrames: darkFrames(dark, noise, seed) });
    assert.ok(within(camera.photons, 200, 0.05), `seed ${seed}: ${JSON.stringify(camera.photons)}`);
    assert.ok(within(camera.read_noise, 3, 0.05), `seed ${seed}: ${JSON.stringify(camera.read_noise)}`);
    assert.ok(within(camera.offset, 10, 0.02), `seed ${seed}: ${JSON.stringify(camera.offset)}`);
    assert.ok(misfit > 0.4 && misfit < 2, `misfit ${misfit}`);
  }
});

test("a dark image, cut off at black, does not bias the photons", () => {
  const dark = deeper(changed(scene, (value) => value / 5));
  for (const seed of seeds.slice(0, 4)) {
    const { camera } = measure(dark, { camera: { photons: 200, read_noise: 0 } }, seed);
    assert.ok(within(camera.photons, 200, 0.05), `seed ${seed}: ${JSON.stringify(camera.photons)}`);
  }
});

for (const [frames, noise, sigma] of [
  [1, { sigma: 4, mean: 20 }, 4],
  [2, { sigma: 4, mean: 20 }, 4],
  // Half of the noise lies below black.
  [2, { sigma: 9, mean: 0 }, 9],
] as const) {
  test(`${frames} dark frames tell offset ${noise.mean} and read noise ${noise.sigma}`, () => {
    for (const seed of seeds.slice(0, 4)) {
      const [{ first, second }] = darkFrames(black, { gaussian: noise }, seed) as [{ first: Scene; second: Scene }];
      const found = darkNoise([frames === 1 ? { first } : { first, second }], black.levels);
      assert.ok(within(found.sigma, sigma, 0.02), `seed ${seed}: ${JSON.stringify(found.sigma)}`);
      assert.ok(Math.abs(found.offset.value - noise.mean) < 0.2, `seed ${seed}: ${JSON.stringify(found.offset)}`);
    }
  });
}

test("a fixed pattern of the detector is no read noise where there are two dark frames", () => {
  const pattern = changed(ramp, (value) => 40 + (value % 16));
  const { sigma } = darkNoise(darkFrames(pattern, { gaussian: { sigma: 4 } }, 1), pattern.levels);
  assert.ok(within(sigma, 4, 0.02), JSON.stringify(sigma));
});

test("scans and dark frames that noise cannot be told from are refused with what to do", () => {
  const levels = { black: 0, white: 255 };
  const flat = changed(ramp, () => 7);
  const cut = changed(ramp, (value) => (value < 128 ? 0 : 255));
  const small = { height: 8, width: 8, values: ramp.values.slice(40, 104) };
  for (const [run, field, message] of [
    [() => twoScans([], levels), "scans", /there are none/],
    [() => twoScans([{ first: ramp, second: flat }], levels), "scans[0].second", /all pixels are 7/],
    [() => twoScans([{ first: ramp, second: small }], levels), "scans[0]", /256×256 pixels and 8×8/],
    [() => twoScans([{ first: small, second: small }], levels), "scans", /64 pixels .* at least 1024/],
    [() => twoScans([{ first: cut, second: cut }], levels), "scans", /^scans: 0 pixels .* at least 1024/],
    [() => darkNoise([], levels), "darkFrames", /0 pixels/],
    [() => darkNoise([{ first: small }], levels), "darkFrames", /64 pixels; at least 1024/],
    [() => darkNoise([{ first: black }], levels), "darkFrames", /nothing of the noise is left/],
    [
      () => darkNoise(darkFrames(black, { gaussian: { sigma: 9, mean: -20 } }, 1), levels),
      "darkFrames",
      /% of the noise is cut off/,
    ],
    [
      () => twoScans([{ first: ramp, second: ramp }], levels, { darkFrames: [{ first: black, second: small }] }),
      "darkFrames[0]",
      /cannot be compared/,
    ],
  ] as const) {
    assert.throws(
      run,
      (error) => isPssrError(error, "INVALID_FIELD") && error.field === field && message.test(error.message),
      `${field} ${message}`,
    );
  }
});
