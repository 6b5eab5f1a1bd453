import assert from "node:assert/strict";
import test from "node:test";
import { isPssrError } from "@pssr/api";
import { cutTile, pasteTile } from "../../dist/regions/tile-pixels.js";

const identity = { gain: 1, offset: 0 };

test("a tile beyond the image's lower right repeats its last row and column", () => {
  const window = { data: Uint8Array.of(1, 2, 3, 4, 5, 6), y: 2, x: 4, height: 2, width: 3 };
  const tile = {
    y: { input: { start: 2, size: 4 }, keep: { start: 0, size: 2 }, target: 0 },
    x: { input: { start: 4, size: 4 }, keep: { start: 0, size: 3 }, target: 0 },
  };
  assert.deepEqual([...cutTile(window, tile, identity)], [1, 2, 3, 3, 4, 5, 6, 6, 4, 5, 6, 6, 4, 5, 6, 6]);
});

const tile = {
  y: { input: { start: 0, size: 1 }, keep: { start: 0, size: 1 }, target: 0 },
  x: { input: { start: 0, size: 5 }, keep: { start: 1, size: 4 }, target: 0 },
};

test("whole-number pixels are rounded, then clipped and counted", () => {
  const data = new Uint8Array(4);
  const clipped = pasteTile(Float32Array.of(9, -0.4, -3, 255.4, 255.6), tile, 1, identity, {
    data,
    offset: 0,
    width: 4,
  });
  assert.deepEqual([...data], [0, 0, 255, 255]);
  assert.equal(clipped, 2);
});

test("float pixels are kept as they are", () => {
  const data = new Float32Array(4);
  const clipped = pasteTile(Float32Array.of(9, -0.5, -3, 70000, 0.25), tile, 1, identity, {
    data,
    offset: 0,
    width: 4,
  });
  assert.deepEqual([...data], [-0.5, -3, 70000, 0.25]);
  assert.equal(clipped, 0);
});

test("a value that is not finite is the model's fault", () => {
  const plane = { data: new Uint8Array(4), offset: 0, width: 4 };
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => pasteTile(Float32Array.of(0, 0, value, 0, 0), tile, 1, identity, plane),
      (error) => isPssrError(error, "INVALID_MODEL"),
    );
  }
});
