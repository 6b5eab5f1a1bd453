import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { createNetwork } from "@pssr/networks";
import { bytesPerInputPixel, fitTileSize } from "../../dist/tiling/tile-memory.js";

const network = { scale: 4, halo: 16, grid: 4, bytesPerPixel: 1024 };
const image = [4000, 4000] as const;
const fit = (wanted: number, limitMiB: number, sides: readonly [number, number] = image) =>
  fitTileSize(wanted, network, sides, { limitBytes: limitMiB * 2 ** 20, field: "prediction.model_version" });

test("a pixel of a tile costs a few of the network's widest maps", () => {
  assert.equal(bytesPerInputPixel(createNetwork({ options: { width: 64, depth: 1 } }), 2), 64 * 4 * 4);
  assert.equal(bytesPerInputPixel(createNetwork({ scale: 16, options: { width: 64, depth: 0 } }), 1), 256 * 4 * 4);
});

test("a tile that fits stays as it is wanted; a larger one becomes the largest that fits, on the grid", () => {
  assert.equal(fit(256, 100), 256);
  // 1024 bytes a pixel: 256 MiB are 512 × 512 pixels, margins of 16 on both sides included.
  assert.equal(fit(2048, 256), 480);
  assert.equal(fit(481, 256), 480);
});

test("a tile of a small image costs no more than the image", () => {
  assert.equal(fit(2048, 256, [300, 300]), 2048);
});

test("a network that is too large for the smallest tile is refused", () => {
  assert.throws(
    () => fit(16, 1),
    (error) => isPssrError(error, "LIMIT_EXCEEDED") && error.field === "prediction.model_version",
  );
});
