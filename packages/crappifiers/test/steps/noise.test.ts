import assert from "node:assert/strict";
import test from "node:test";
import type { PixelType } from "@pssr/crappifiers";
import { moments, normalDistance, poissonDeviation } from "../random/goodness-of-fit.js";
import { degradeFlat } from "./flat-tiles.js";

const COUNT = 3163 ** 2;
const dtypes: PixelType[] = ["uint8", "uint16", "float32"];
/** Variance that rounding to the data type's whole numbers adds, in 255ths of the range. */
const rounding: Record<PixelType, number> = { uint8: 1 / 12, uint16: 1 / 12 / 16 ** 2, float32: 0 };

/** Mean and variance within four standard errors of a distribution with that kurtosis. */
function assertMoments(pixels: Float32Array, mean: number, variance: number, kurtosis = 3): void {
  const seen = moments(pixels);
  assert.ok(Math.abs(seen.mean - mean) < 4 * Math.sqrt(variance / COUNT), `mean ${seen.mean} of ${mean}`);
  const error = 4 * variance * Math.sqrt((kurtosis - 1) / COUNT);
  assert.ok(Math.abs(seen.variance - variance) < error, `variance ${seen.variance} of ${variance} ± ${error}`);
}

for (const dtype of dtypes) {
  for (const grey of [3, 120]) {
    test(`${dtype} at ${grey}: ten million pixels follow the Poisson distribution`, () => {
      const pixels = degradeFlat(grey, dtype, [{ kind: "poisson" }]).map(Math.round);
      assert.ok(Math.abs(poissonDeviation(pixels, grey)) < 4);
    });

    test(`${dtype} at ${grey}: a camera's mean and variance are those of the photon transfer curve`, () => {
      const photons = 500;
      const step = {
        kind: "camera",
        photons: { value: photons },
        read_noise: { value: 5 },
        gain: { value: 1.2 },
        offset: { value: 40 },
      };
      const electron = (1.2 * 255) / photons;
      const variance = electron ** 2 * ((grey / 255) * photons + 25) + rounding[dtype];
      assertMoments(degradeFlat(grey, dtype, [step]), 40 + 1.2 * grey, variance, 3.3);
    });
  }

  test(`${dtype}: ten million pixels of additive noise have its mean and deviation`, () => {
    const pixels = degradeFlat(120, dtype, [{ kind: "gaussian", mean: { value: 5 }, sigma: { value: 10 } }]);
    assertMoments(pixels, 125, 100 + rounding[dtype]);
  });

  test(`${dtype}: speckle grows with the signal`, () => {
    for (const grey of [40, 120]) {
      const pixels = degradeFlat(grey, dtype, [{ kind: "speckle", sigma: { value: 0.1 } }]);
      assertMoments(pixels, grey, (0.1 * grey) ** 2 + rounding[dtype]);
    }
  });

  test(`${dtype}: salt and pepper come in the shares that were asked for`, () => {
    const step = { kind: "salt_and_pepper", amount: { value: 0.02 }, salt: { value: 0.3 } };
    const pixels = degradeFlat(100, dtype, [step]);
    const share = (value: number) => pixels.filter((x) => Math.abs(x - value) < 0.1).length / COUNT;
    const within = (seen: number, expected: number) =>
      assert.ok(Math.abs(seen - expected) < 4 * Math.sqrt(expected / COUNT), `${seen} of ${expected}`);
    within(share(255), 0.006);
    within(share(0), 0.014);
    within(1 - share(100), 0.02);
  });
}

test("additive noise in floating point is normally distributed", () => {
  const pixels = degradeFlat(120, "float32", [{ kind: "gaussian", sigma: { value: 10 } }]);
  assert.ok(normalDistance(Float64Array.from(pixels, (x) => (x - 120) / 10)) < 1.95);
});

test("a camera's photon noise and read noise are independent", () => {
  const side = 1000;
  const shape = { height: side, width: side };
  const noise = (read: number) =>
    degradeFlat(120, "float32", [{ kind: "camera", photons: { value: 255 }, read_noise: { value: read } }], shape);
  const photons = noise(0);
  const readings = noise(10).map((both, n) => both - photons[n]!);
  const covariance = readings.reduce((sum, reading, n) => sum + reading * (photons[n]! - 120), 0) / side ** 2;
  assert.ok(Math.abs(covariance) < (4 * 10 * Math.sqrt(120)) / side, `covariance ${covariance}`);
});

test("a converter of few bits leaves few values", () => {
  const pixels = degradeFlat(120, "float32", [{ kind: "camera", bits: { value: 4 } }], { height: 100, width: 100 });
  for (const x of pixels) assert.ok(Math.abs(x / 17 - Math.round(x / 17)) < 1e-4, `${x} is no multiple of 255/15`);
});
