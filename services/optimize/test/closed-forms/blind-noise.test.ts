import assert from "node:assert/strict";
import test from "node:test";
import { isPssrError } from "@pssr/api";
import { crappify, parseCrappifier } from "@pssr/crappifiers";
import { blindNoise } from "../../dist/closed-forms/blind-noise.js";
import type { DetectorNoise, Estimate } from "../../dist/closed-forms/detector-noise.js";
import { changed, deeper, degraded, drawn, type Noise, type Scene, seeds, slice } from "./scenes.js";

/** A slice without its own noise, as a lens shows it. */
function blurred(scene: Scene<"uint16">): Scene<"uint16"> {
  const blur = { kind: "gaussian_blur", sigma: { value: 1.5 } };
  const crappifier = parseCrappifier({ sampling: { scale: 1, kernel: "POINT" }, optics: [blur] }, "crappifier");
  const { height, width, values: data, dtype } = scene;
  const key = { seed: 0n, image: "blurred", tile: 0, epoch: 0 };
  return { ...scene, values: crappify(crappifier, { data, dtype, frames: 1, height, width }, scene.levels, key).data };
}

const scenes = ["03490", "03690"].map((number) => blurred(deeper(slice(number))));
const options = { resamples: 100 };
const within = ({ value }: Estimate, truth: number, share: number) => Math.abs(value - truth) <= share * truth;

const cases: [noise: Noise, truth: number, of: (noise: DetectorNoise) => Estimate][] = [
  [{ camera: { photons: 20, read_noise: 0 } }, 20, ({ camera }) => camera.photons],
  [{ camera: { photons: 200, read_noise: 0 } }, 200, ({ camera }) => camera.photons],
  [{ camera: { photons: 2000, read_noise: 0 } }, 2000, ({ camera }) => camera.photons],
  [{ poisson: { mix: 2 } }, 2, ({ poisson }) => poisson.mix],
  [{ gaussian: { sigma: 3 } }, 3, ({ gaussian }) => gaussian.sigma],
  [{ gaussian: { sigma: 13 } }, 13, ({ gaussian }) => gaussian.sigma],
];

for (const [noise, truth, of] of cases) {
  test(`${JSON.stringify(noise)} is found within 10 % in a single image`, () => {
    for (const seed of seeds) {
      const image = degraded(scenes[seed % 2]!, noise, seed);
      const found = of(blindNoise([image], image.levels, options));
      assert.ok(within(found, truth, 0.1), `seed ${seed}: ${JSON.stringify(found)}`);
    }
  });
}

test("photon and read noise together give the noise at each brightness", () => {
  const noise = { camera: { photons: 100, read_noise: 4 } };
  const images = scenes.map((scene, n) => degraded(scene, noise, 50 + n));
  const { slope, variance } = blindNoise(images, images[0]!.levels, options);
  for (const share of [0.3, 0.5, 0.8]) {
    const found = slope.value * share * 4080 + variance.value;
    const truth = (share * 100 + 4 ** 2) * (4080 / 100) ** 2;
    assert.ok(Math.abs(found / truth - 1) < 0.1, `at ${share} of white: ${found}, not ${truth}`);
  }
});

test("fine structure in a third of the places is no noise", () => {
  const scene = drawn((y, x) => (x < 85 ? 100 + 60 * ((x + y) & 1) : 130));
  const image = degraded(scene, { gaussian: { sigma: 6 } }, 5);
  // Of one brightness all over: what is photon and what is read noise cannot be told, but how much there is.
  const { slope, variance } = blindNoise([image], image.levels, options);
  const sigma = Math.sqrt(130 * slope.value + variance.value);
  assert.ok(Math.abs(sigma / 6 - 1) < 0.1, `${sigma}`);
});

test("a known offset is no light", () => {
  const noise = { camera: { photons: 200, read_noise: 0, offset: 40 } };
  const image = degraded(darker(scenes[0]!), noise, 6);
  const offset = (40 * 4080) / 255;
  const found = blindNoise([image], image.levels, { ...options, offset });
  assert.ok(within(found.camera.photons, 200, 0.1), JSON.stringify(found.camera.photons));
});

/** Darker, so that an offset has room below white. */
function darker(scene: Scene<"uint16">): Scene<"uint16"> {
  const { black } = scene.levels;
  return { ...scene, values: scene.values.map((value) => black + (value - black) / 2) };
}

test("a dark image, cut off at black, does not bias the noise", () => {
  const dark = { ...scenes[1]!, values: scenes[1]!.values.map((value) => 100 + (value - 100) / 6) };
  for (const seed of seeds.slice(0, 4)) {
    const image = degraded(dark, { gaussian: { sigma: 13 } }, seed);
    const { gaussian } = blindNoise([image], image.levels, options);
    assert.ok(within(gaussian.sigma, 13, 0.1), `seed ${seed}: ${JSON.stringify(gaussian.sigma)}`);
  }
});

test("images that noise cannot be told from are refused with what to do", () => {
  const levels = { black: 0, white: 255 };
  const flat = drawn(() => 9);
  const cut = changed(slice("03490"), (value) => (value < 128 ? 0 : 255));
  const small = { height: 32, width: 32, values: slice("03490").values.slice(0, 1024) };
  const broken = { ...flat, values: Float64Array.from(flat.values, (value, n) => (n === 5 ? Infinity : value)) };
  for (const [images, field, message] of [
    [[], "images", /there are none/],
    [[flat], "images[0]", /all pixels are 9/],
    [[cut], "images", /^images: 0 blocks .* at least 64/],
    [[small], "images", /9 blocks of 8×8 pixels .* at least 64/],
    [[broken], "images[0]", /row 0, column 5 is Infinity/],
  ] as const) {
    assert.throws(
      () => blindNoise(images, levels),
      (error) => isPssrError(error, "INVALID_FIELD") && error.field === field && message.test(error.message),
      `${field} ${message}`,
    );
  }
});
