import assert from "node:assert/strict";
import test from "node:test";
import { isPssrError } from "@pssr/api";
import type { DetectorNoise, Estimate } from "../../dist/closed-forms/detector-noise.js";
import { photonTransfer } from "../../dist/closed-forms/photon-transfer.js";
import { changed, deeper, degraded, drawn, type Noise, ramp, type Scene, seeds, slice } from "./scenes.js";

const options = { resamples: 100 };
const measure = (scene: Scene, noise: Noise, seed: number) =>
  photonTransfer([{ noisy: degraded(scene, noise, seed), reference: scene }], scene.levels, options);
const covers = ({ low, high }: Estimate, truth: number) => low <= truth && truth <= high;
const within = ({ value }: Estimate, truth: number, share: number) => Math.abs(value - truth) <= share * truth;

const slices = ["03490", "03690"].map(slice);
/** In turns: other images, of 8 and of 16 bits. */
const sceneOf = (seed: number) => {
  const scene = slices[seed % slices.length]!;
  return seed % 4 < 2 ? scene : deeper(scene);
};

const single: [noise: Noise, truth: number, of: (noise: DetectorNoise) => Estimate][] = [
  ...[20, 200, 2000].map((photons): (typeof single)[number] => [
    { camera: { photons, read_noise: 0 } },
    photons,
    ({ camera }) => camera.photons,
  ]),
  ...[0.5, 1, 2].map((mix): (typeof single)[number] => [{ poisson: { mix } }, mix, ({ poisson }) => poisson.mix]),
  ...[3, 13].map((sigma): (typeof single)[number] => [
    { gaussian: { sigma } },
    sigma,
    ({ gaussian }) => gaussian.sigma,
  ]),
];

test("one noise alone is found within 5 %, and the truth lies in at least nine of ten intervals", () => {
  let covered = 0;
  for (const [noise, truth, of] of single) {
    for (const seed of seeds) {
      const found = of(measure(sceneOf(seed), noise, seed));
      assert.ok(within(found, truth, 0.05), `${JSON.stringify(noise)}, seed ${seed}: ${JSON.stringify(found)}`);
      if (covers(found, truth)) covered++;
    }
  }
  assert.ok(covered >= 0.9 * single.length * seeds.length, `${covered} of ${single.length * seeds.length}`);
});

test("photons and read noise of a camera are told apart where images reach from black to white", () => {
  let covered = 0;
  for (const photons of [20, 200]) {
    for (const seed of seeds.slice(0, 4)) {
      const reference = seed % 2 === 0 ? ramp : deeper(ramp);
      const noise = { camera: { photons, read_noise: 3 } };
      const pairs = [0, 1, 2, 3].map((n) => ({ noisy: degraded(reference, noise, 4 * seed + n), reference }));
      const { camera, misfit } = photonTransfer(pairs, reference.levels, options);
      assert.ok(within(camera.photons, photons, 0.05), `${photons}, seed ${seed}: ${JSON.stringify(camera.photons)}`);
      assert.ok(within(camera.read_noise, 3, 0.1), `${photons}, seed ${seed}: ${JSON.stringify(camera.read_noise)}`);
      assert.ok(misfit > 0.5 && misfit < 2, `misfit ${misfit}`);
      if (covers(camera.photons, photons)) covered++;
      if (covers(camera.read_noise, 3)) covered++;
    }
  }
  assert.ok(covered >= 15, `${covered} of 16`);
});

test("an offset is found where noise is cut off at black", () => {
  for (const seed of seeds.slice(0, 4)) {
    const { camera, gaussian } = measure(ramp, { gaussian: { sigma: 13, mean: -4 } }, seed);
    assert.ok(Math.abs(gaussian.mean.value + 4) < 0.3, `seed ${seed}: ${JSON.stringify(gaussian.mean)}`);
    assert.ok(within(gaussian.sigma, 13, 0.03), `seed ${seed}: ${JSON.stringify(gaussian.sigma)}`);
    assert.deepEqual(camera.offset, gaussian.mean);
  }
});

for (const [what, grey] of [
  ["dark", (value: number) => value / 5],
  ["bright", (value: number) => 255 - (255 - value) / 2],
] as const) {
  test(`what a ${what} image is cut off of does not bias the noise`, () => {
    const scene = changed(slices[0]!, grey);
    for (const seed of seeds.slice(0, 4)) {
      const { gaussian } = measure(scene, { gaussian: { sigma: 13 } }, seed);
      assert.ok(within(gaussian.sigma, 13, 0.05), `sigma, seed ${seed}: ${JSON.stringify(gaussian.sigma)}`);
      const { camera } = measure(deeper(scene), { camera: { photons: 60, read_noise: 0 } }, seed);
      assert.ok(within(camera.photons, 60, 0.05), `photons, seed ${seed}: ${JSON.stringify(camera.photons)}`);
    }
  });
}

test("pixels that turn black or white by themselves are no noise of the detector", () => {
  for (const seed of seeds.slice(0, 4)) {
    const found = measure(slices[1]!, { gaussian: { sigma: 6 }, salt_and_pepper: { amount: 0.02 } }, seed);
    assert.ok(within(found.gaussian.sigma, 6, 0.05), `seed ${seed}: ${JSON.stringify(found.gaussian.sigma)}`);
  }
});

test("known noise of the reference is taken off", () => {
  const scene = drawn((y, x) => 128 + 80 * Math.sin(x / 30) * Math.cos(y / 37));
  const reference = degraded(scene, { gaussian: { sigma: 5 } }, 77);
  const pairs = [{ noisy: degraded(scene, { gaussian: { sigma: 8 } }, 78), reference }];
  const { gaussian } = photonTransfer(pairs, scene.levels, { ...options, referenceNoise: { slope: 0, variance: 25 } });
  assert.ok(within(gaussian.sigma, 8, 0.05), JSON.stringify(gaussian.sigma));
});

test("no noise at all is found as none", () => {
  const { camera, gaussian } = photonTransfer([{ noisy: ramp, reference: ramp }], ramp.levels, options);
  assert.ok(gaussian.sigma.value < 0.1 && camera.photons.value > 1e5);
});

test("the same images give the same numbers", () => {
  const noise = { poisson: { mix: 1 } };
  const [one, other] = [1, 2].map(() => {
    const { estimate, ...numbers } = measure(slices[0]!, noise, 3);
    return { ...numbers, slope: estimate(({ slope }) => slope) };
  });
  assert.deepEqual(one, other);
});

test("images that noise cannot be told from are refused with what to do", () => {
  const levels = { black: 0, white: 255 };
  const flat = changed(ramp, () => 7);
  const small = { height: 8, width: 8, values: ramp.values.slice(40, 104) };
  const broken = { ...ramp, values: Float32Array.from(ramp.values, (value, n) => (n === 300 ? Number.NaN : value)) };
  for (const [pairs, field, message] of [
    [[], "pairs", /there are none/],
    [[{ noisy: flat, reference: ramp }], "pairs[0].noisy", /all pixels are 7/],
    [[{ noisy: ramp, reference: flat }], "pairs", /one intensity only/],
    [[{ noisy: broken, reference: ramp }], "pairs[0].noisy", /row 1, column 44 is NaN/],
    [[{ noisy: ramp, reference: changed(ramp, (v) => (v < 128 ? 0 : 255)) }], "pairs", /0 pixels .* at least 1024/],
    [[{ noisy: small, reference: small }], "pairs", /64 pixels .* at least 1024/],
    [[{ noisy: ramp, reference: small }], "pairs[0]", /256×256 pixels and 8×8/],
  ] as const) {
    assert.throws(
      () => photonTransfer(pairs, levels),
      (error) => isPssrError(error, "INVALID_FIELD") && error.field === field && message.test(error.message),
      `${field} ${message}`,
    );
  }
  assert.throws(
    () => photonTransfer([{ noisy: ramp, reference: ramp }], { black: 9, white: 9 }),
    (error) => isPssrError(error, "INVALID_FIELD") && error.field === "levels",
  );
});
