/** Images of floating-point pixels, which may be infinite or no numbers, and lie anywhere. */
import assert from "node:assert/strict";
import test from "node:test";
import { crappify, parseCrappifier } from "@pssr/crappifiers";

const key = { seed: 9n, image: "scan", tile: 0, epoch: 0 };
const noise = (...detector: object[]) => parseCrappifier({ sampling: { scale: 1 }, detector }, "crappifier");
const poisson = (mix: number) => ({ kind: "poisson", mix: { value: mix } });
const gaussian = (mean: number, sigma: number) => ({
  kind: "gaussian",
  mean: { value: mean },
  sigma: { value: sigma },
});

for (const [name, step] of Object.entries({
  poisson: poisson(1),
  "poisson, a part": poisson(0.7),
  "poisson, much": poisson(16),
  gaussian: gaussian(0, 13),
  speckle: { kind: "speckle" },
  contrast: { kind: "contrast", gamma: { value: 2 } },
  camera: { kind: "camera", read_noise: { value: 0 }, bits: { value: 8 } },
  drift: { kind: "drift" },
  jitter: { kind: "line_jitter", sigma: { value: 0 } },
})) {
  test(`pixels that are no numbers stay so, infinite ones saturate, and their neighbours are as they were: ${name}`, () => {
    for (let seed = 0n; seed < 8n; seed++) {
      const degraded = (first: number[]) => {
        const data = Float32Array.of(...first, 0.5, -1, 0.5, 0.25);
        const hr = { data, dtype: "float32", frames: 1, height: 2, width: 4 } as const;
        return [...crappify(noise(step), hr, { black: 0, white: 1 }, { ...key, seed }).data];
      };
      const low = degraded([Number.NaN, Number.POSITIVE_INFINITY, 0.5, Number.NEGATIVE_INFINITY]);
      const finite = degraded([0.5, 1e9, 0.5, -1e9]);
      assert.deepEqual(low, [Number.NaN, ...finite.slice(1)]);
      assert.equal(low[5], 0);
    }
  });
}

for (const kernel of ["BILINEAR", "AREA", "POINT"]) {
  test(`infinite pixels of either sign in one window of ${kernel} are no fault, whatever the range of the levels`, () => {
    const crappifier = parseCrappifier({ sampling: { scale: 2, kernel }, detector: [poisson(1), gaussian(0, 9)] }, "c");
    for (const white of [1, 1e30]) {
      const data = Float32Array.from({ length: 64 }, (_, n) =>
        n % 3 === 0 ? Number.POSITIVE_INFINITY : n % 3 === 1 ? Number.NEGATIVE_INFINITY : white / 2,
      );
      const hr = { data, dtype: "float32", frames: 1, height: 8, width: 8 } as const;
      const low = crappify(crappifier, hr, { black: 0, white }, key).data;
      assert.ok(
        low.every((value) => value >= 0 && value <= white * (1 + 1e-6)),
        `${low}`,
      );
    }
  });
}

test("a black level far from 0 takes no precision from strong photon noise", () => {
  const black = 1e6;
  const flat = (value: number) => new Float32Array(4096).fill(value);
  const tile = (data: Float32Array) => ({ data, dtype: "float32", frames: 1, height: 64, width: 64 }) as const;
  const levels = (white: number, at: number) => ({ black: at, white: at + white, saturation: [-1e9, 1e9] as const });
  const far = crappify(noise(poisson(16)), tile(flat(black + 128)), levels(255, black), key).data;
  const near = crappify(noise(poisson(16)), tile(flat(128)), levels(255, 0), key).data;
  assert.deepEqual(
    far,
    near.map((value) => value + black),
  );
});
