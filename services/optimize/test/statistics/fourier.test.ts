import assert from "node:assert/strict";
import test from "node:test";
import { BlockSpectrum } from "../../dist/statistics/fourier.js";

const random = (n: number) => (Math.imul(n + 1, 0x9e3779b1) >>> 8) / 2 ** 24 - 0.5;

test("the powers are those of the sums that define them, of a block within a plane", () => {
  const [side, width, start] = [8, 13, 2 * 13 + 3];
  const plane = Float32Array.from({ length: 13 * 13 }, (_, n) => random(n));
  const powers = new BlockSpectrum(side).of(plane, width, start, 0.1);
  const window = (n: number) => Math.sin((Math.PI * (n + 0.5)) / side) ** 2;
  for (const [v, u] of [
    [0, 0],
    [0, 1],
    [3, 0],
    [2, 5],
    [7, 4],
  ] as const) {
    let [re, im] = [0, 0];
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const value = (plane[start + y * width + x]! - 0.1) * window(y) * window(x);
        const angle = (-2 * Math.PI * (v * y + u * x)) / side;
        re += value * Math.cos(angle);
        im += value * Math.sin(angle);
      }
    }
    const expected = (re * re + im * im) / ((3 / 8) ** 2 * side * side);
    assert.ok(Math.abs(powers[v * side + u]! - expected) < 1e-9 * Math.max(1, expected));
  }
});

test("white noise has its variance at all frequencies on average", () => {
  const side = 32;
  const spectrum = new BlockSpectrum(side);
  let sum = 0;
  for (let block = 0; block < 50; block++) {
    const plane = Float32Array.from({ length: side * side }, (_, n) => random(block * side * side + n));
    sum += spectrum.of(plane, side, 0, 0).reduce((total, power) => total + power, 0) / side ** 2;
  }
  assert.ok(Math.abs(sum / 50 / (1 / 12) - 1) < 0.02);
});

test("a side that is no power of two is refused", () => {
  for (const side of [0, 1, 3, 48, 8192]) assert.throws(() => new BlockSpectrum(side), RangeError);
});
