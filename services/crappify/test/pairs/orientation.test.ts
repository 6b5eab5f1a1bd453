import assert from "node:assert/strict";
import { test } from "node:test";
import { orient, orientations } from "../../dist/pairs/orientation.js";

const plane = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);

test("the eight orientations are all different, and the first is the plane itself", () => {
  const all = Array.from({ length: orientations }, (_, i) => orient(plane, 3, i).join());
  assert.equal(new Set(all).size, 8);
  assert.equal(all[0], plane.join());
});

test("mirroring, turning over and transposing do what they say", () => {
  assert.deepEqual([...orient(plane, 3, 1)], [3, 2, 1, 6, 5, 4, 9, 8, 7]);
  assert.deepEqual([...orient(plane, 3, 2)], [7, 8, 9, 4, 5, 6, 1, 2, 3]);
  assert.deepEqual([...orient(plane, 3, 4)], [1, 4, 7, 2, 5, 8, 3, 6, 9]);
});

test("a plane of any size is laid the same way, and is left as it was", () => {
  const side = 131;
  const large = Uint16Array.from({ length: side * side }, (_, n) => n % 65_521);
  for (let orientation = 0; orientation < orientations; orientation++) {
    const before = large.slice();
    const turned = orient(large, side, orientation);
    assert.deepEqual(large, before);
    const wrong = turned.findIndex((value, n) => {
      const y = (orientation & 2) !== 0 ? side - 1 - Math.floor(n / side) : Math.floor(n / side);
      const x = (orientation & 1) !== 0 ? side - 1 - (n % side) : n % side;
      return value !== ((orientation & 4) !== 0 ? large[x * side + y] : large[y * side + x]);
    });
    assert.equal(wrong, -1, `orientation ${orientation}`);
  }
});

test("pixels keep their type", () => {
  assert.ok(orient(Uint16Array.of(1, 2, 3, 4), 2, 5) instanceof Uint16Array);
});
