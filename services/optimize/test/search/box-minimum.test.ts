import assert from "node:assert/strict";
import test from "node:test";
import { type Differentiable, minimiseInBox } from "../../dist/search/box-minimum.js";

const rosenbrock: Differentiable = ([x, y], gradient) => {
  gradient[0] = -2 * (1 - x!) - 400 * x! * (y! - x! * x!);
  gradient[1] = 200 * (y! - x! * x!);
  return (1 - x!) ** 2 + 100 * (y! - x! * x!) ** 2;
};
const box = (low: number, high: number) => ({ lower: Float64Array.of(low, low), upper: Float64Array.of(high, high) });

test("a curved valley is followed to its end", () => {
  const { x, value } = minimiseInBox(rosenbrock, Float64Array.of(-1.2, 1), box(-5, 5), { evaluations: 200 });
  assert.ok(value < 1e-8 && Math.abs(x[0]! - 1) < 1e-3, `${x}: ${value}`);
});

test("a minimum outside the bounds is one at the bounds", () => {
  const { x } = minimiseInBox(rosenbrock, Float64Array.of(-1.2, 0.1), box(-2, 0.5), { evaluations: 200 });
  assert.ok(Math.abs(x[0]! - 0.5) < 1e-6 && Math.abs(x[1]! - 0.25) < 1e-4, `${x}`);
});

test("it asks no more often than it may, and a flat function once", () => {
  let asked = 0;
  const counted: Differentiable = (x, gradient) => {
    asked++;
    return rosenbrock(x, gradient);
  };
  minimiseInBox(counted, Float64Array.of(-1.2, 1), box(-5, 5), { evaluations: 12 });
  assert.equal(asked, 12);
  asked = 0;
  const flat = (_: Float64Array, gradient: Float64Array) => {
    asked++;
    gradient.fill(0);
    return 3;
  };
  minimiseInBox(flat, Float64Array.of(0, 0), box(-1, 1));
  assert.equal(asked, 1);
});
