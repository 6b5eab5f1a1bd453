import assert from "node:assert/strict";
import test from "node:test";
import { degrade, picture } from "./picture.js";

/** One bright pixel in the middle of a dark plane. */
const side = 65;
const point = picture(side, side, (y, x) => (y === 32 && x === 32 ? 1000 : 0));

/** Standard deviation along x of what a point became, in pixels. */
function spreadOf(values: Float32Array): number {
  let total = 0;
  let second = 0;
  values.forEach((value, n) => {
    total += value;
    second += value * ((n % side) - 32) ** 2;
  });
  return Math.sqrt(second / total);
}

test("a blurred point keeps its light and has the kernel's deviation", () => {
  for (const sigma of [0.7, 2, 5]) {
    const blurred = degrade(point, { kind: "gaussian_blur", sigma: { value: sigma } });
    const total = blurred.reduce((sum, value) => sum + value, 0);
    assert.ok(Math.abs(total - 1000) < 0.01, `light ${total}`);
    // Cut at four deviations, and sampled: 0.2 % narrower.
    assert.ok(Math.abs(spreadOf(blurred) / sigma - 1) < 0.01, `${spreadOf(blurred)} of ${sigma}`);
  }
});

test("a blur is the same along both axes, and leaves an even plane as it is", () => {
  const blurred = degrade(point, { kind: "gaussian_blur", sigma: { value: 3 } });
  for (let y = 0; y < side; y++)
    for (let x = 0; x < y; x++) assert.ok(Math.abs(blurred[y * side + x]! - blurred[x * side + y]!) < 1e-4);
  const even = degrade(
    picture(30, 37, () => 77),
    { kind: "gaussian_blur", sigma: { value: 3 } },
  );
  for (const value of even) assert.ok(Math.abs(value - 77) < 1e-3);
});

test("without deviation nothing is blurred", () => {
  assert.deepEqual(degrade(point, { kind: "gaussian_blur", sigma: { value: 0 } }), point.data);
});

test("a lens blurs by 0.225 wavelengths over its aperture, in the image's own pixels or those that are given", () => {
  const lens = { kind: "optical_blur", numerical_aperture: { value: 0.9 }, wavelength: { value: 600 } };
  const expected = (0.22508 * 600) / 0.9 / 50;
  const own = degrade(point, lens, { calibration: { pixelSizeNm: 50 } });
  assert.ok(Math.abs(spreadOf(own) / expected - 1) < 0.01, `${spreadOf(own)} of ${expected}`);
  const given = degrade(point, { ...lens, pixel_size: { value: 50 } }, { calibration: { pixelSizeNm: 1 } });
  assert.deepEqual(given, own);
});

test("binned pixels are the means of their blocks, those at the edges of fewer", () => {
  const binned = degrade(
    picture(3, 5, (y, x) => 10 * y + x),
    { kind: "binning", size: { value: 2 } },
  );
  assert.deepEqual([...binned], [5.5, 5.5, 7.5, 7.5, 9, 5.5, 5.5, 7.5, 7.5, 9, 20.5, 20.5, 22.5, 22.5, 24]);
});
