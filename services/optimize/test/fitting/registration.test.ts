import assert from "node:assert/strict";
import { test } from "node:test";
import { displacementOf } from "../../dist/fitting/registration.js";

const side = 40;
let state = 7;
function random(): number {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
}

function plane(grey: (y: number, x: number) => number): Float32Array {
  return Float32Array.from({ length: side * side }, (_, n) => grey(Math.floor(n / side), n % side));
}

const noise = (strength: number) => (random() + random() + random() - 1.5) * strength;
const textured = (y: number, x: number) =>
  100 + 40 * Math.sin(x / 2.3 + Math.cos(y / 3)) + 30 * Math.cos(y / 1.7 - x / 4);

test("a displaced image is found where it is, through noise", () => {
  const reference = { height: side, width: side, values: plane(textured) };
  const tile = () => ({ reference, real: plane((y, x) => textured(y + 3, x - 2) + noise(60)) });
  const { x, y, evidence } = displacementOf(Array.from({ length: 6 }, tile));
  assert.deepEqual([x, y], [2, -3]);
  assert.ok(evidence > 40, `${evidence}`);
});

test("a smooth image in its place gives no evidence of another, however noisy it is and wherever it is brightest", () => {
  for (let n = 0; n < 20; n++) {
    const smooth = (y: number, x: number) => 120 + 60 * Math.sin((x + 2 * n) / 30) + y * Math.cos((y + 3 * n) / 25);
    const reference = { height: side, width: side, values: plane(smooth) };
    const { x, y, evidence } = displacementOf([{ reference, real: plane((y, x) => smooth(y, x) + noise(40)) }]);
    assert.ok((x === 0 && y === 0) || evidence < 20, `${n}: ${x}, ${y}, ${evidence}`);
  }
});

test("what shows nothing lies nowhere else", () => {
  const reference = { height: side, width: side, values: plane(() => 90) };
  const { evidence } = displacementOf([{ reference, real: plane(() => 90 + noise(20)) }]);
  assert.ok(evidence < 1);
});
