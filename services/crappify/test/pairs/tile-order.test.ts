import assert from "node:assert/strict";
import { test } from "node:test";
import { TileOrder } from "../../dist/pairs/tile-order.js";

function epochOf(size: number, seed: bigint, epoch: number): number[] {
  const order = new TileOrder(size, seed);
  return Array.from({ length: size }, (_, place) => order.at(epoch, place));
}

test("each epoch holds every tile once, whatever their number", () => {
  for (const size of [1, 2, 3, 4, 5, 7, 16, 17, 100, 1000, 4097]) {
    assert.deepEqual(
      epochOf(size, 7n, 3).sort((a, b) => a - b),
      Array.from({ length: size }, (_, i) => i),
    );
  }
});

test("the order depends on seed and epoch, and on nothing else", () => {
  assert.deepEqual(epochOf(100, 1n, 5), epochOf(100, 1n, 5));
  assert.notDeepEqual(epochOf(100, 1n, 5), epochOf(100, 1n, 6));
  assert.notDeepEqual(epochOf(100, 1n, 5), epochOf(100, 2n, 5));
  assert.notDeepEqual(epochOf(100, 1n, 5), epochOf(100, 1n + (1n << 40n), 5));
});

test("places and tiles are uncorrelated, and every tile comes first about equally often", () => {
  const size = 1000;
  const order = epochOf(size, 11n, 0);
  const mean = (size - 1) / 2;
  const covariance = order.reduce((sum, tile, place) => sum + (tile - mean) * (place - mean), 0);
  const variance = (size * (size ** 2 - 1)) / 12;
  assert.ok(Math.abs(covariance / variance) < 0.1, `correlation ${covariance / variance}`);

  const counts = new Array<number>(8).fill(0);
  const small = new TileOrder(8, 3n);
  for (let epoch = 0; epoch < 8000; epoch++) counts[small.at(epoch, 0)]!++;
  // Standard deviation 30: five of them.
  for (const count of counts) assert.ok(Math.abs(count - 1000) < 150, `counts ${counts}`);
});

test("more tiles than can be ordered are refused", () => {
  assert.throws(() => new TileOrder(2 ** 30 + 1, 1n), RangeError);
});
