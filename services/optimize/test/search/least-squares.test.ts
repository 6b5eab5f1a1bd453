import assert from "node:assert/strict";
import test from "node:test";
import { LeastSquares } from "../../dist/search/least-squares.js";

type Measure = (x: Float64Array) => Float64Array;

function descend(measure: Measure, start: number[], target: number[], free = start.map((_, d) => d)) {
  const first = Float64Array.from(start);
  const descent = new LeastSquares(first, measure(first), Float64Array.from(target), free);
  let asked = 1;
  while (descent.isOpen) {
    descent.tell(measure(descent.ask()));
    asked++;
  }
  return { descent, asked };
}

/** Two decays seen at ten times: their rates are hard to tell apart. */
const decays: Measure = ([a, b, share]) =>
  Float64Array.from({ length: 10 }, (_, t) => 100 * (share! * Math.exp(-a! * t) + (1 - share!) * Math.exp(-b! * t)));

test("parameters that act together are found, with few looks", () => {
  const truth = [0.15, 0.6, 0.35];
  const { descent, asked } = descend(decays, [0.3, 0.8, 0.5], [...decays(Float64Array.from(truth))]);
  for (const [d, value] of truth.entries()) assert.ok(Math.abs(descent.at[d]! - value) < 1e-3, `${descent.at}`);
  assert.ok(asked <= 40, `${asked} looks`);
});

test("what lies outside the cube is looked for at its side", () => {
  const line: Measure = ([x, y]) => Float64Array.of(x! + 0.3 * y!, y!);
  const { descent } = descend(line, [0.5, 0.5], [1.5, 0.4]);
  assert.ok(Math.abs(descent.at[0]! - 1) < 1e-9);
  // The best there is with x at 1: (0.3·0.5 + 0.4) / (0.3² + 1).
  assert.ok(Math.abs(descent.at[1]! - 0.55 / 1.09) < 1e-3, `${descent.at}`);
});

test("a coordinate that nothing depends on stays, and does not keep the others from being found", () => {
  const { descent } = descend(([x]) => Float64Array.of(10 * x!, -3 * x!), [0.2, 0.6], [7, -2.1]);
  assert.ok(Math.abs(descent.at[0]! - 0.7) < 1e-3);
  assert.equal(descent.at[1], 0.6);
});

test("coordinates that are not free are left alone, and with none it is over at once", () => {
  const sum: Measure = ([x, y]) => Float64Array.of(x! + y!);
  const { descent } = descend(sum, [0.2, 0.5], [1], [0]);
  assert.ok(Math.abs(descent.at[0]! - 0.5) < 1e-3 && descent.at[1] === 0.5);
  assert.equal(new LeastSquares(Float64Array.of(1), Float64Array.of(1), Float64Array.of(1), []).isOpen, false);
});

test("it ends on a rough function too, and not at a worse place than it began at", () => {
  const rough: Measure = ([x]) => Float64Array.of(5 * (x! - 0.3) + 0.5 * Math.sin(90 * x!));
  const { descent, asked } = descend(rough, [0.9], [0]);
  assert.ok(Math.abs(descent.vector[0]!) < Math.abs(rough(Float64Array.of(0.9))[0]!));
  assert.deepEqual(descent.vector, rough(descent.at));
  assert.ok(asked < 60);
});

test("asked twice it says the same, and after its end it says so", () => {
  const descent = new LeastSquares(Float64Array.of(0.2), Float64Array.of(0.2), Float64Array.of(0.2), [0]);
  assert.equal(descent.ask(), descent.ask());
  descent.tell(Float64Array.of(0.22));
  assert.equal(descent.isOpen, false);
  assert.throws(() => descent.ask(), /over/);
});
