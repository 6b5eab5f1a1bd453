import assert from "node:assert/strict";
import test from "node:test";
import { crappify, type PixelTile, parseCrappifier } from "@pssr/crappifiers";
import { TileCrappifier } from "../dist/tile-crappifier.js";

const height = 180;
const width = 90;
const key = { seed: 5n, image: "bands", tile: 3, epoch: 0 };
const levels = { black: 0, white: 4080, pixelSizeNm: 40 };
const parameter = (value: number, spread = 0) => ({ value, spread });

/** Every step that there is, in either stage. */
const everything = {
  optics: [
    { kind: "gaussian_blur", sigma: parameter(1.2, 0.2) },
    { kind: "drift", x: parameter(0, 2), y: parameter(5, 2) },
    { kind: "line_jitter" },
    { kind: "gaussian", sigma: parameter(2) },
    { kind: "binning", size: parameter(3) },
  ],
  detector: [
    { kind: "optical_blur", numerical_aperture: parameter(1), wavelength: parameter(600) },
    { kind: "brightness_bands", amplitude: parameter(10, 2) },
    { kind: "camera", photons: parameter(700), bits: parameter(12) },
    { kind: "salt_and_pepper" },
    { kind: "speckle" },
    { kind: "contrast", gamma: parameter(0.8) },
    { kind: "poisson", mix: parameter(1, 0.2) },
  ],
};

for (const kernel of ["BILINEAR", "AREA", "POINT"]) {
  for (const scale of [1, 3]) {
    test(`bands of a frame are parts of the whole: every step, ${kernel} by ${scale}`, () => {
      const crappifier = parseCrappifier({ ...everything, sampling: { scale, kernel } }, "crappifier");
      const data = Uint16Array.from({ length: 2 * height * width }, (_, n) => (n * 37 + (n % width) ** 2) % 4081);
      const hr: PixelTile<"uint16"> = { data, dtype: "uint16", frames: 2, height, width };
      const whole = crappify(crappifier, hr, levels, key);
      const tile = new TileCrappifier(crappifier, hr, levels, key);
      // Of uneven sizes, and in another order than they lie.
      for (const [first, count] of [
        [41, 19],
        [0, 7],
        [7, 34],
      ] as const) {
        const rows = tile.highRows({ first, count });
        const from = height * width + rows.first * width;
        const out = new Uint16Array(count * whole.width);
        tile.crappify(1, { first, count }, data.subarray(from, from + rows.count * width), out);
        const at = (whole.height + first) * whole.width;
        assert.deepEqual(out, whole.data.subarray(at, at + out.length));
      }
    });
  }
}

test("a band without blur or drift needs no more rows than its own", () => {
  const crappifier = parseCrappifier({ sampling: { scale: 4, kernel: "AREA" }, detector: [{ kind: "poisson" }] }, "c");
  const tile = new TileCrappifier(
    crappifier,
    { dtype: "uint8", height: 400, width: 40 },
    { black: 0, white: 255 },
    key,
  );
  assert.deepEqual(tile.highRows({ first: 10, count: 5 }), { first: 40, count: 20 });
});
