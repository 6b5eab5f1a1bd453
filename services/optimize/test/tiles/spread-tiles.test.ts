import assert from "node:assert/strict";
import { test } from "node:test";
import { divide, spreadTiles, type TilePlace, tilesIn } from "../../dist/tiles/spread-tiles.js";

const images = [
  { planes: 1, height: 300, width: 200 },
  { planes: 5, height: 128, width: 130 },
  { planes: 2, height: 63, width: 500 },
];

function countBy(tiles: readonly TilePlace[], name: "image" | "plane"): number[] {
  const counts: number[] = [];
  for (const tile of tiles) counts[tile[name]] = (counts[tile[name]] ?? 0) + 1;
  return counts;
}

test("all tiles of all images are found, none twice, none over an edge, none over another", () => {
  const side = 64;
  const there = tilesIn(images, side);
  assert.equal(there, 4 * 3 + 5 * 2 * 2 + 0);
  const tiles = spreadTiles(images, side, 1000, 3);
  assert.equal(tiles.length, there);
  assert.equal(new Set(tiles.map((tile) => JSON.stringify(tile))).size, there);
  for (const { image, plane, top, left } of tiles) {
    const { planes, height, width } = images[image]!;
    assert.ok(plane < planes && top + side <= height && left + side <= width);
    // On one grid, tiles that are not the same do not touch.
    assert.deepEqual([top % side, left % side], [0, 0]);
  }
});

test("a few tiles come from all images alike, and from all planes of an image", () => {
  const two = images.slice(0, 2);
  const tiles = spreadTiles(two, 32, 30, 7);
  assert.deepEqual(countBy(tiles, "image"), [15, 15]);
  const planes = countBy(
    tiles.filter(({ image }) => image === 1),
    "plane",
  );
  assert.deepEqual(planes, [3, 3, 3, 3, 3]);
  // An image that has no more leaves its share to the other.
  const rest = spreadTiles(two, 64, 30, 7);
  assert.deepEqual(countBy(rest, "image"), [12, 18]);
});

test("the seed decides which, and nothing else does", () => {
  const tiles = spreadTiles(images, 32, 12, 1);
  assert.deepEqual(spreadTiles(images, 32, 12, 1), tiles);
  assert.notDeepEqual(spreadTiles(images, 32, 12, 2), tiles);
});

test("tiles are divided by chance, so that what is held back comes from all images", () => {
  const tiles = spreadTiles(images.slice(0, 2), 32, 60, 1);
  const [fitted, heldOut] = divide(tiles, 45, 2);
  assert.deepEqual([fitted.length, heldOut.length], [45, 15]);
  assert.deepEqual(new Set([...fitted, ...heldOut]), new Set(tiles));
  assert.equal(countBy(heldOut, "image").filter((count) => count > 2).length, 2);
});
