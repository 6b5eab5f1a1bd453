import assert from "node:assert/strict";
import test from "node:test";
import { kernelMemory, kernels } from "../../dist/kernels.js";
import { Plane } from "../../dist/plane.js";
import { useNoise } from "../../dist/random/noise-key.js";
import { moments, poissonDeviation } from "./goodness-of-fit.js";

/** The numbers themselves are what blending leaves of them: nothing kept, no offset, a gain of one. */
const themselves = [0, 0, 0, 1] as const;
const side = 3200;

/** A plane of one value. */
function plane(value: number, height = side, width = side): Plane {
  kernelMemory.release();
  const flat = new Plane({ first: 0, count: height }, width, height);
  flat.values.fill(value);
  return flat;
}

function use(name: string): void {
  useNoise({ seed: 7n, image: "b", tile: 3, epoch: 1 }, name, 0);
}

/** Numbers of one mean, which the kernel reaches by tables or rejection as it likes. */
function numbers(mean: number, whole = false): Float32Array {
  const flat = plane(whole ? mean : 1);
  use(`mean ${mean}`);
  kernels.blendPoisson(flat.at, flat.pixels, 0, whole ? 1 : 1 / mean, ...themselves, whole);
  return flat.values;
}

function assertPoisson(samples: Float32Array, mean: number): void {
  const count = samples.length;
  const { mean: seen, variance } = moments(samples);
  assert.ok(Math.abs(seen - mean) < 4 * Math.sqrt(mean / count), `mean ${seen} of ${mean}`);
  assert.ok(
    Math.abs(variance - mean) < 4 * Math.sqrt((2 * mean * mean + mean) / count),
    `variance ${variance} of ${mean}`,
  );
  const deviation = poissonDeviation(samples, mean);
  assert.ok(Math.abs(deviation) < 4, `chi-square off by ${deviation} standard deviations at mean ${mean}`);
}

for (const mean of [1, 3, 31, 100, 255, 511]) {
  test(`ten million numbers of the whole mean ${mean} are Poisson-distributed`, () => {
    assertPoisson(numbers(mean, true), mean);
  });
}

for (const mean of [0.01, 0.7, 4.25, 9.99, 31.6, 254.98, 511.5, 512, 4096, 1e5]) {
  test(`ten million numbers of the mean ${mean} are Poisson-distributed`, () => {
    assertPoisson(numbers(mean), mean);
  });
}

test("beyond a thousand million the sampler keeps mean and variance", () => {
  const mean = 2.5e9;
  const samples = numbers(mean);
  const { mean: seen, variance } = moments(samples);
  assert.ok(Math.abs(seen - mean) < 4 * Math.sqrt(mean / samples.length));
  assert.ok(Math.abs(variance / mean - 1) < 4 * Math.sqrt(2 / samples.length) + 1e-2);
});

test("no light, less than none and no number give no photons", () => {
  for (const value of [0, -3]) {
    const dark = plane(value, 8, 8);
    use("dark");
    kernels.blendPoisson(dark.at, dark.pixels, 0, 1, ...themselves, value === 0);
    assert.ok(dark.values.every((count) => count === 0));
  }
});

test("bytes get the numbers that their values in float32 get, held within bytes", () => {
  for (const count of [1, 7, 511, 1003, 4096]) {
    const values = plane(0, 1, count);
    const bytes = kernelMemory.take(count);
    const ramp = Uint8Array.from({ length: count }, (_, n) => (n * 37) % 256);
    values.values.set(ramp);
    kernelMemory.view(Uint8Array, bytes, count).set(ramp);
    use("bytes");
    kernels.blendPoisson(values.at, count, 0, 1, ...themselves, true);
    kernels.countPhotons(bytes, count);
    assert.deepEqual(
      [...kernelMemory.view(Uint8Array, bytes, count)],
      [...values.values].map((value) => Math.min(value, 255)),
    );
  }
});
