import assert from "node:assert/strict";
import { test } from "node:test";
import type { FitImages, SourceImage } from "../../dist/fits/source-images.js";
import { FEWEST_HELD_OUT } from "../../dist/fitting/goodness.js";
import { bytesOf, checkTileSide, planTiles, type Tile, usualTileSide } from "../../dist/tiles/plan-tiles.js";
import { refusal } from "../fixtures/world.js";

function image(field: string, shape: number[]): SourceImage {
  const levels = { black: 0, white: 255, source: "CALLER" as const };
  return { name: field, field, shape, dtype: "uint8", pixelSizeNm: 0, levels };
}

function imagesOf(parts: Partial<FitImages>): FitImages {
  return { pairs: [], low: [], high: [], scans: [], darkFrames: [], ...parts };
}

function pairsOf(count: number, side: number, scale: number): FitImages {
  const pairs = Array.from({ length: count }, (_, n) => ({
    low: image(`fit.pairs[${n}].low`, [side / scale, side / scale]),
    high: image(`fit.pairs[${n}].high`, [side, side]),
  }));
  return imagesOf({ pairs });
}

const overlap = (a: Tile, b: Tile) =>
  a.image === b.image && a.plane === b.plane && Math.abs(a.top - b.top) < a.side && Math.abs(a.left - b.left) < a.side;

test("tiles of pairs show the same fields in both, and none held back overlaps one that is fitted to", () => {
  const images = pairsOf(3, 1024, 4);
  const { fitted, heldOut } = planTiles(images, { scale: 4, tiles: 20, side: 256, seed: 1 });
  assert.deepEqual([fitted.low.length, fitted.high.length, heldOut.low.length, heldOut.high.length], [20, 20, 7, 7]);
  for (const { low, high } of [fitted, heldOut]) {
    low.forEach((tile, n) => {
      const { image: large, top, left, side } = high[n]!;
      const pair = images.pairs.find((one) => one.low === tile.image)!;
      assert.equal(large, pair.high);
      assert.deepEqual([top, left, side], [4 * tile.top, 4 * tile.left, 4 * tile.side]);
    });
  }
  assert.ok(!fitted.high.some((one) => heldOut.high.some((other) => overlap(one, other))));
});

test("a field that was scanned several times has its places divided: none is both fitted to and held back", () => {
  const [one, two] = pairsOf(2, 512, 4).pairs;
  const scan = (n: number) => ({
    low: image(`fit.pairs[${n}].low`, [128, 128]),
    high: { ...one!.high, field: `${n}` },
  });
  const images = imagesOf({ pairs: [one!, two!, scan(2), scan(3)] });
  const place = ({ image, top, left }: Tile) => `${image.name} ${top} ${left}`;
  const planned = (side: number, tiles: number, seed: number) => {
    const { fitted, heldOut } = planTiles(images, { scale: 4, tiles, side, seed });
    const behind = new Set(fitted.high.map(place));
    assert.ok(!heldOut.high.some((tile) => behind.has(place(tile))), `side ${side}, seed ${seed}`);
    for (const { low, high } of [fitted, heldOut]) {
      assert.equal(new Set(low.map(place)).size, low.length, "no tile twice");
      low.forEach((tile, n) => {
        const isOfTwo = tile.image === two!.low;
        assert.equal(high[n]!.image.name, isOfTwo ? two!.high.name : one!.high.name);
        assert.deepEqual([high[n]!.top, high[n]!.left], [4 * tile.top, 4 * tile.left]);
      });
    }
    return { fitted, heldOut, places: behind.size };
  };
  for (let seed = 0; seed < 20; seed++) {
    // Of 32 places each tile has its own, and the scans of the field take turns.
    const roomy = planned(128, 20, seed);
    assert.deepEqual([roomy.fitted.low.length, roomy.heldOut.low.length, roomy.places], [20, 7, 20]);
    assert.equal(new Set(roomy.fitted.low.map((tile) => tile.image.name)).size, 4);
    // Of eight, six are fitted to, those of the one field in three scans.
    const narrow = planned(256, 20, seed);
    assert.equal(narrow.places, 6);
    const inOne = new Set(narrow.fitted.high.filter((tile) => tile.image === one!.high).map(place)).size;
    assert.equal(narrow.fitted.low.length, 3 * inOne + (6 - inOne));
  }
  const lone = imagesOf({ pairs: [one!, scan(1)] });
  const wishes = { scale: 4, tiles: 1, side: 512, seed: 1 };
  assert.throws(() => planTiles(lone, wishes), refusal("UNSUITABLE_IMAGES", "fit.pairs[0].high"));
  assert.equal(usualTileSide(lone, 4), 128);
});

test("a high-resolution tile is degraded with what lies around it, as far as the image goes, in whole low-resolution pixels", () => {
  const plan = planTiles(pairsOf(2, 520, 4), { scale: 4, tiles: 1, side: 256, seed: 1 });
  for (const { top, left, side, halo } of [...plan.fitted.high, ...plan.heldOut.high]) {
    assert.deepEqual(halo, {
      top: top === 0 ? 0 : 32,
      left: left === 0 ? 0 : 32,
      bottom: top === 0 ? 32 : 520 - 2 * side,
      right: left === 0 ? 32 : 520 - 2 * side,
    });
  }
  for (const { halo } of plan.fitted.low) assert.deepEqual(halo, { top: 0, left: 0, bottom: 0, right: 0 });
  const thirds = planTiles(pairsOf(2, 300, 3), { scale: 3, tiles: 1, side: 96, seed: 1 }).fitted.high[0]!;
  for (const pixels of Object.values(thirds.halo)) assert.equal(pixels % 3, 0);
  const [low] = plan.fitted.low;
  const [fitted, heldOut] = [plan.fitted.high[0]!, plan.heldOut.high[0]!];
  const bytes = ({ side, halo }: Tile) => (side + halo.top + halo.bottom) * (side + halo.left + halo.right);
  assert.equal(bytesOf(plan), 2 * low!.side ** 2 + bytes(fitted) + bytes(heldOut));
});

test("where there are fewer tiles than wished for, a quarter is held back; of one tile nothing can be", () => {
  const wishes = { scale: 2, tiles: 20, side: 128, seed: 1 };
  const count = (images: FitImages) => {
    const { fitted, heldOut } = planTiles(images, wishes);
    return [fitted.low.length, heldOut.low.length];
  };
  assert.deepEqual(count(pairsOf(1, 512, 2)), [12, 4]);
  assert.deepEqual(count(pairsOf(2, 128, 2)), [1, 1]);
  assert.deepEqual(count(pairsOf(26, 128, 2)), [19, 7]);
  assert.deepEqual(count(pairsOf(27, 128, 2)), [20, 7]);
  assert.throws(() => count(pairsOf(1, 128, 2)), refusal("UNSUITABLE_IMAGES", "fit.pairs[0].high"));
});

test("images that are no pairs have as many tiles as each kind has", () => {
  const images = imagesOf({
    low: [image("fit.unpaired.low[0]", [2, 64, 64])],
    high: [image("fit.unpaired.high[0]", [512, 512])],
  });
  const { fitted, heldOut } = planTiles(images, { scale: 4, tiles: 20, side: 128, seed: 1 });
  assert.deepEqual([fitted.low.length, heldOut.low.length], [6, 2]);
  assert.deepEqual([fitted.high.length, heldOut.high.length], [12, 4]);
  assert.ok(fitted.low.every(({ side }) => side === 32) && fitted.high.every(({ side }) => side === 128));
});

test("the usual side is 512, less where that would give too few tiles to tell how well a fit agrees", () => {
  assert.equal(usualTileSide(pairsOf(22, 512, 4), 4), 512);
  assert.equal(usualTileSide(pairsOf(21, 512, 4), 4), 256);
  assert.equal(usualTileSide(pairsOf(1, 2560, 4), 4), 512);
  assert.equal(usualTileSide(pairsOf(1, 2048, 4), 4), 384);
  assert.equal(usualTileSide(pairsOf(1, 1024, 4), 4), 192);
  assert.equal(usualTileSide(pairsOf(1, 512, 4), 4), 128);
  assert.equal(usualTileSide(pairsOf(22, 510, 3), 3), 510);
  // As many as there can be.
  assert.equal(usualTileSide(pairsOf(1, 256, 4), 4), 128);
  assert.equal(usualTileSide(pairsOf(3, 100, 4), 4), 100);
  assert.throws(() => usualTileSide(pairsOf(1, 60, 4), 4), refusal("UNSUITABLE_IMAGES", "fit.pairs[0].low"));
});

test("on the usual side so many tiles are held back as it takes to tell how well a fit agrees, where images have them", () => {
  for (const [count, side] of [
    [3, 1024],
    [12, 512],
    [5, 512],
    [2, 640],
    [1, 768],
    [22, 300],
  ] as const) {
    const images = pairsOf(count, side, 4);
    const { heldOut } = planTiles(images, { scale: 4, tiles: 20, side: usualTileSide(images, 4), seed: 0 });
    assert.ok(heldOut.low.length >= FEWEST_HELD_OUT, `${count} of ${side}: ${heldOut.low.length}`);
  }
});

test("a side must be a multiple of the scale and fit the smallest image", () => {
  const images = pairsOf(2, 300, 3);
  const check = (side: number) => checkTileSide(side, images, 3, "fit.tile_size");
  check(66);
  check(300);
  for (const side of [64, 63, 303, 1026, 96.5, -3]) {
    assert.throws(() => check(side), refusal("INVALID_FIELD", "fit.tile_size"), `${side}`);
  }
});

test("a detector's images have tiles of their own, as large as they allow", () => {
  const scan = { first: image("first", [3, 200, 300]), second: image("second", [3, 200, 300]) };
  const images = imagesOf({ scans: [scan], darkFrames: [image("dark", [512, 512])] });
  const side = usualTileSide(images, 4);
  checkTileSide(side, images, 4, "fit.tile_size");
  const { scans, darkFrames, fitted } = planTiles(images, { scale: 4, tiles: 20, side, seed: 1 });
  assert.equal(fitted.low.length, 0);
  assert.deepEqual(
    [scans.length, scans[0]!.first.side, darkFrames.length, darkFrames[0]!.first.side],
    [3, 200, 1, 512],
  );
  assert.ok(scans.every(({ first, second }) => first.top === second.top && first.plane === second.plane));
  const small = imagesOf({ darkFrames: [image("fit.detector_images.dark_frames[0]", [20, 300])] });
  assert.throws(
    () => planTiles(small, { scale: 4, tiles: 20, side, seed: 1 }),
    refusal("UNSUITABLE_IMAGES", "fit.detector_images.dark_frames[0]"),
  );
});

test("dark frames are cut at the same places, always two frames at one: a fixed pattern is no noise", () => {
  const at = ({ image, plane, top, left }: Tile) => `${image.name} ${plane} ${top} ${left}`;
  for (const shapes of [
    [
      [256, 256],
      [256, 256],
    ],
    [
      [256, 256],
      [256, 256],
      [256, 256],
    ],
    [
      [5, 256, 256],
      [256, 256],
    ],
  ]) {
    const images = imagesOf({ darkFrames: shapes.map((shape, n) => image(`${n}`, shape)) });
    for (let seed = 0; seed < 5; seed++) {
      const { darkFrames } = planTiles(images, { scale: 4, tiles: 20, side: 128, seed });
      const frames = shapes.reduce((sum, shape) => sum + (shape.length === 3 ? shape[0]! : 1), 0);
      assert.equal(darkFrames.length, Math.min(10, 4 * (frames >> 1)));
      for (const { first, second } of darkFrames) {
        assert.deepEqual([second!.top, second!.left], [first.top, first.left]);
        assert.notEqual(at(first), at(second!));
      }
      const all = darkFrames.flatMap(({ first, second }) => [at(first), at(second!)]);
      assert.equal(new Set(all).size, all.length, "no tile twice");
      assert.equal(
        new Set(darkFrames.flatMap(({ first, second }) => [first.image, second!.image])).size,
        shapes.length,
      );
    }
  }
  const one = planTiles(imagesOf({ darkFrames: [image("one", [256, 256])] }), {
    scale: 4,
    tiles: 3,
    side: 128,
    seed: 1,
  });
  assert.deepEqual(
    one.darkFrames.map(({ second }) => second),
    [undefined, undefined, undefined],
  );
  const unlike = imagesOf({
    darkFrames: [image("a", [256, 256]), image("fit.detector_images.dark_frames[1]", [256, 300])],
  });
  assert.throws(
    () => planTiles(unlike, { scale: 4, tiles: 20, side: 128, seed: 1 }),
    refusal("SHAPE_MISMATCH", "fit.detector_images.dark_frames[1]"),
  );
});
