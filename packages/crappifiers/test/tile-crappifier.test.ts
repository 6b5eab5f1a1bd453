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

test("a drifting floating-point row is the same to the last bit in whatever band it is made", () => {
  const crappifier = parseCrappifier({ sampling: { scale: 1 }, detector: [{ kind: "drift", y: parameter(7.3) }] }, "c");
  const data = Float32Array.from({ length: height * width }, (_, n) => Math.sin(n) * 1000);
  const hr: PixelTile<"float32"> = { data, dtype: "float32", frames: 1, height, width };
  const range = { black: -1000, white: 1000 };
  const whole = crappify(crappifier, hr, range, key).data;
  const tile = new TileCrappifier(crappifier, hr, range, key);
  for (let first = 0; first < height; first += 9) {
    const rows = tile.highRows({ first, count: 9 });
    const out = new Float32Array(9 * width);
    tile.crappify(0, { first, count: 9 }, data.subarray(rows.first * width, (rows.first + rows.count) * width), out);
    assert.deepEqual(out, whole.subarray(first * width, (first + 9) * width));
  }
});

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
