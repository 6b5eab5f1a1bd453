import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { checkDarkFrames } from "../../dist/fitting/dark-structure.js";
import type { GreyTile } from "../../dist/fitting/fit-problem.js";
import { crappifierOf, degraded, highTiles } from "./microscope.js";

const noise = crappifierOf({ detector: [{ kind: "gaussian", sigma: { value: 5 }, mean: { value: 20 } }] });
const bands = crappifierOf({
  detector: [
    { kind: "gaussian", sigma: { value: 5 }, mean: { value: 60 } },
    { kind: "brightness_bands", amplitude: { value: 15 }, length: { value: 1 } },
  ],
});
const slices = highTiles(2);
const dark = slices.map((tile) => ({ ...tile, values: new Uint8Array(tile.values.length) }));
const frame = (tile: GreyTile, seed: bigint, spec = noise) => ({
  ...degraded(spec, tile, seed),
  field: `dark[${seed}]`,
});

function isRefused(first: GreyTile, second: GreyTile | undefined, words: RegExp): void {
  assert.throws(
    () => checkDarkFrames([second === undefined ? { first } : { first, second }]),
    (error) => isPssrError(error, "UNSUITABLE_IMAGES") && words.test(error.message),
  );
}

test("frames of noise are dark, with rows of their own brightness too", () => {
  checkDarkFrames([{ first: frame(dark[0]!, 1n), second: frame(dark[0]!, 2n) }, { first: frame(dark[1]!, 3n) }]);
  checkDarkFrames([{ first: frame(dark[0]!, 1n, bands), second: frame(dark[0]!, 2n, bands) }]);
});

test("images of something are no dark frames", () => {
  const [one, other] = slices as [GreyTile, GreyTile];
  isRefused(frame(one, 1n), frame(other, 2n), /^dark\[2\]: it differs from dark\[1\] by structure/);
  isRefused(frame(one, 1n), undefined, /^dark\[1\]: it shows structure/);
});
