import assert from "node:assert/strict";
import test from "node:test";
import { SearchSpace } from "../../dist/search/search-space.js";

const space = new SearchSpace(
  [
    { name: "mix", min: 0.1, max: 10, scale: "LOG" },
    { name: "offset", min: -5, max: 15, scale: "LINEAR" },
    { name: "bits", min: 8, max: 12, scale: "LINEAR", whole: true },
    { name: "sigma", min: 0, max: 4, scale: "LINEAR", switch: "blur" },
  ],
  [{ name: "blur" }],
);

test("a point has its place by its scale", () => {
  const place = space.encode({ mix: 1, offset: 10, bits: 10, sigma: 1, blur: 1 });
  assert.deepEqual(
    [...place].map((at) => Math.round(at * 1e9) / 1e9),
    [0.5, 0.75, 0.5, 0.25, 1],
  );
});

test("what a point's place stands for is the point", () => {
  for (const point of [
    { mix: 0.1, offset: -5, bits: 8, sigma: 4, blur: 1 },
    { mix: 10, offset: 15, bits: 12, sigma: 0, blur: 1 },
  ]) {
    assert.deepEqual(space.decode(space.encode(point)), point);
  }
});

test("equal parts of the cube stand for each whole number, and its halves for a switch", () => {
  const seen = Array.from({ length: 100 }, (_, n) => space.decode(new Float64Array(5).fill((n + 0.5) / 100)));
  for (const bits of [8, 9, 10, 11, 12]) assert.equal(seen.filter((point) => point.bits === bits).length, 20);
  assert.equal(seen.filter(({ blur }) => blur === 1).length, 50);
});

test("what is switched off has one place, whatever its value", () => {
  const [a, b] = [0, 4].map((sigma) => space.encode({ mix: 1, offset: 0, bits: 8, sigma, blur: 0 }));
  assert.deepEqual(a, b);
});

test("no place leads out of the ranges", () => {
  for (const at of [-1, 2]) {
    const { mix, offset, bits, sigma } = space.decode(new Float64Array(5).fill(at));
    assert.ok(mix! >= 0.1 && mix! <= 10 && offset! >= -5 && offset! <= 15 && bits! >= 8 && bits! <= 12);
    assert.ok(sigma! >= 0 && sigma! <= 4);
  }
});

test("the end of a range is its end, however its numbers round", () => {
  const ends: [min: number, max: number, scale: "LINEAR" | "LOG"][] = [
    [0.12, 1.7, "LINEAR"],
    [-254.98, 255, "LINEAR"],
    [0.1, 1.7, "LOG"],
  ];
  for (const [min, max, scale] of ends) {
    const { x } = new SearchSpace([{ name: "x", min, max, scale }]).decode(Float64Array.of(1));
    assert.ok(x! <= max, `${x} of ${min} to ${max}`);
  }
});
