import assert from "node:assert/strict";
import test from "node:test";
import { ceilTo } from "../../dist/tiling/box.js";
import { regionGrid } from "../../dist/tiling/regions.js";
import { countTiles, planTiles } from "../../dist/tiling/tiles.js";

/** Whole numbers that look random and are the same in every run (Park and Miller 1988). */
function numbers(seed: number): (from: number, to: number) => number {
  let state = seed;
  return (from, to) => {
    state = (state * 48271) % 2147483647;
    return from + (state % (to - from + 1));
  };
}

test("tiles keep every output pixel exactly once, lie on the grid, and have their halo or the image's edge", () => {
  const pick = numbers(7);
  for (let round = 0; round < 300; round++) {
    const grid = pick(1, 8);
    const network = { scale: pick(1, 4), grid, halo: grid * pick(0, 6) };
    const input: [number, number] = [pick(1, 90), pick(1, 90)];
    const output = input.map((side) => side * network.scale);
    const tileSize = pick(1, 64);
    const regions = regionGrid(output, [pick(1, 100), pick(1, 100)]);
    const times = new Uint8Array(output[0]! * output[1]!);
    for (let index = 0; index < regions.count; index++) {
      const region = regions.box(index);
      const tiles = planTiles(region, input, network, tileSize);
      assert.equal(tiles.length, countTiles(region, network, tileSize));
      for (const tile of tiles) {
        for (const [axis, span] of [tile.y, tile.x].entries()) {
          const padded = ceilTo(input[axis]!, network.grid);
          const end = span.input.start + span.input.size;
          assert.equal(span.input.start % network.grid, 0);
          assert.equal(span.input.size % network.grid, 0);
          assert.ok(span.input.start >= 0 && end <= padded);
          assert.ok(span.input.size <= ceilTo(tileSize, network.grid) + 2 * network.halo);
          const { start: keep, size } = span.keep;
          assert.ok(size > 0 && keep >= 0 && keep + size <= span.input.size * network.scale);
          assert.ok(span.target >= 0 && span.target + size <= region.shape[axis]!);
          // The kept pixels come from the place in the image they are put to.
          assert.equal(span.input.start * network.scale + keep, region.start[axis]! + span.target);
          const margin = network.halo * network.scale;
          assert.ok(span.input.start === 0 || keep >= margin, "halo before");
          assert.ok(end === padded || span.input.size * network.scale - keep - size >= margin, "halo behind");
        }
        for (let y = 0; y < tile.y.keep.size; y++) {
          for (let x = 0; x < tile.x.keep.size; x++) {
            times[(region.start[0]! + tile.y.target + y) * output[1]! + region.start[1]! + tile.x.target + x]!++;
          }
        }
      }
    }
    assert.ok(
      times.every((count) => count === 1),
      `round ${round}`,
    );
  }
});

test("an image smaller than a tile is one tile, padded to the grid", () => {
  const [tile, ...more] = planTiles({ start: [0, 0], shape: [28, 12] }, [7, 3], { scale: 4, halo: 44, grid: 4 }, 256);
  assert.deepEqual(more, []);
  assert.deepEqual(tile!.y, { input: { start: 0, size: 8 }, keep: { start: 0, size: 28 }, target: 0 });
  assert.deepEqual(tile!.x, { input: { start: 0, size: 4 }, keep: { start: 0, size: 12 }, target: 0 });
});

test("tiles of one region are about equally large: no slivers", () => {
  const tiles = planTiles({ start: [0, 0], shape: [260, 16] }, [300, 16], { scale: 1, halo: 0, grid: 4 }, 256);
  assert.deepEqual(
    tiles.map((tile) => tile.y.keep.size),
    [132, 128],
  );
});
