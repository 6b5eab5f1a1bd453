import assert from "node:assert/strict";
import test from "node:test";
import { kernels } from "../../dist/kernels.js";

const { exp, log } = kernels;
const EPSILON = 2 ** -52;

test("the logarithm agrees with the engine's to the last bits", () => {
  for (let x = 1e-12; x < 1e12; x *= 1.00317) {
    const expected = Math.log(x);
    assert.ok(
      Math.abs(log(x) - expected) <= 3 * EPSILON * Math.max(Math.abs(expected), Math.abs(x - 1) / 8),
      `ln ${x}`,
    );
  }
  assert.equal(log(1), 0);
});

test("the exponential agrees with the engine's to the last bits", () => {
  for (let x = -700; x < 700; x += 0.1373) {
    assert.ok(Math.abs(exp(x) / Math.exp(x) - 1) <= 3 * EPSILON, `e^${x}`);
  }
  assert.equal(exp(0), 1);
});
