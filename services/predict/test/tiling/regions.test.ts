import assert from "node:assert/strict";
import test from "node:test";
import { regionGrid } from "../../dist/tiling/regions.js";

test("regions cover every pixel of an image exactly once and begin on shards", () => {
  const cases: [number[], number[]][] = [
    [
      [5, 7],
      [2, 3],
    ],
    [
      [1, 1],
      [256, 256],
    ],
    [
      [3, 10, 9],
      [1, 4, 4],
    ],
    [
      [4, 8, 8],
      [3, 8, 8],
    ],
  ];
  for (const [shape, shard] of cases) {
    const grid = regionGrid(shape, shard);
    const seen = new Map<string, number>();
    for (let index = 0; index < grid.count; index++) {
      const { start, shape: sides } = grid.box(index);
      for (const [axis, from] of start.entries()) assert.equal(from % shard[axis]!, 0);
      const visit = (axis: number, at: number[]): void => {
        if (axis === start.length) {
          seen.set(at.join(), (seen.get(at.join()) ?? 0) + 1);
          return;
        }
        for (let i = 0; i < sides[axis]!; i++) visit(axis + 1, [...at, start[axis]! + i]);
      };
      visit(0, []);
    }
    assert.equal(
      seen.size,
      shape.reduce((product, side) => product * side, 1),
    );
    assert.ok([...seen.values()].every((count) => count === 1));
  }
});

test("a region's number outside the grid is refused", () => {
  const grid = regionGrid([5, 7], [2, 3]);
  for (const index of [-1, grid.count, 0.5]) assert.throws(() => grid.box(index), RangeError);
});
