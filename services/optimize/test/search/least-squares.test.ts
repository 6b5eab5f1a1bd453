import assert from "node:assert/strict";
import test from "node:test";
import { LeastSquares } from "../../dist/search/least-squares.js";

type Measure = (x: Float64Array) => Float64Array;

/** Where it comes to nearest to the target: the lowest of all that were asked for. */
function descend(measure: Measure, start: number[], target: number[], free = start.map((_, d) => d)) {
  const missing = (vector: Float64Array) => vector.reduce((sum, value, n) => sum + (value - target[n]!) ** 2, 0);
  let at = Float64Array.from(start);
  let least = missing(measure(at));
  const descent = new LeastSquares(at, measure(at), Float64Array.from(target), free);
  let asked = 1;
  for (; descent.isOpen; asked++) {
    const place = descent.ask();
    const vector = measure(place);
    descent.tell(vector);
    if (missing(vector) < least) [at, least] = [place.slice(), missing(vector)];
  }
  return { at, asked };
}

/** Two decays seen at ten times: their rates are hard to tell apart. */
const decays: Measure = ([a, b, share]) =>
  Float64Array.from({ length: 10 }, (_, t) => 100 * (share! * Math.exp(-a! * t) + (1 - share!) * Math.exp(-b! * t)));

test("parameters that act together are found, with few looks", () => {
  const truth = [0.15, 0.6, 0.35];
  const { at, asked } = descend(decays, [0.3, 0.8, 0.5], [...decays(Float64Array.from(truth))]);
  for (const [d, value] of truth.entries()) assert.ok(Math.abs(at[d]! - value) < 1e-3, `${at}`);
  assert.ok(asked <= 40, `${asked} looks`);
});

test("what lies outside the cube is looked for at its side", () => {
  const line: Measure = ([x, y]) => Float64Array.of(x! + 0.3 * y!, y!);
  const { at } = descend(line, [0.5, 0.5], [1.5, 0.4]);
  assert.ok(Math.abs(at[0]! - 1) < 1e-9);
  // The best there is with x at 1: (0.3·0.5 + 0.4) / (0.3² + 1).
  assert.ok(Math.abs(at[1]! - 0.55 / 1.09) < 1e-3, `${at}`);
});

test("a coordinate that nothing depends on stays, and does not keep the others from being found", () => {
  const { at } = descend(([x]) => Float64Array.of(10 * x!, -3 * x!), [0.2, 0.6], [7, -2.1]);
  assert.ok(Math.abs(at[0]! - 0.7) < 1e-3);
  assert.equal(at[1], 0.6);
});

test("coordinates that are not free are left alone, and with none it is over at once", () => {
  const sum: Measure = ([x, y]) => Float64Array.of(x! + y!);
  const { at } = descend(sum, [0.2, 0.5], [1], [0]);
  assert.ok(Math.abs(at[0]! - 0.5) < 1e-3 && at[1] === 0.5);
  assert.equal(new LeastSquares(Float64Array.of(1), Float64Array.of(1), Float64Array.of(1), []).isOpen, false);
});

test("it ends on a rough function too, at a better place than it began at", () => {
  const rough: Measure = ([x]) => Float64Array.of(5 * (x! - 0.3) + 0.5 * Math.sin(90 * x!));
  const { at, asked } = descend(rough, [0.9], [0]);
  assert.ok(Math.abs(rough(at)[0]!) < Math.abs(rough(Float64Array.of(0.9))[0]!));
  assert.ok(asked < 60);
});

test("asked twice it says the same, and after its end it says so", () => {
  const descent = new LeastSquares(Float64Array.of(0.2), Float64Array.of(0.2), Float64Array.of(0.2), [0]);
  assert.equal(descent.ask(), descent.ask());
  descent.tell(Float64Array.of(0.22));
  assert.equal(descent.isOpen, false);
  assert.throws(() => descent.ask(), /over/);
});
