import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { scaleOfPairs } from "../../dist/fits/check-images.js";
import type { FitImages, SourceImage } from "../../dist/fits/source-images.js";

function pairOf(low: number[], high: number[]): FitImages {
  const image = (shape: number[], field: string) => ({ shape, field, name: field }) as unknown as SourceImage;
  const pair = { low: image(low, "fit.pairs[0].low"), high: image(high, "fit.pairs[0].high") };
  return { pairs: [pair], low: [], high: [], scans: [], darkFrames: [] };
}

test("the high-resolution images of pairs are larger by one whole factor", () => {
  assert.equal(scaleOfPairs(pairOf([32, 40], [128, 160])), 4);
  assert.equal(scaleOfPairs(pairOf([3, 32, 40], [3, 32, 40])), 1);
});

for (const [what, low, high, words] of [
  ["swapped", [128, 160], [32, 40], /low of 128×160 is larger than .*high of 32×40 by 4: are low and high swapped\?/],
  [
    "not cut alike",
    [32, 32],
    [131, 130],
    /by 4 but for its last 3 rows and 2 columns; cut it to its upper left 128×128/,
  ],
  ["of other planes", [2, 32, 32], [3, 128, 128], /is not larger than .* with the same planes/],
  ["of another field", [32, 50], [128, 128], /is not larger than .* by one whole factor/],
] as const) {
  test(`pairs that are ${what} are refused with what to do`, () => {
    assert.throws(
      () => scaleOfPairs(pairOf([...low], [...high])),
      (error) => {
        assert.ok(isPssrError(error, "SHAPE_MISMATCH"));
        assert.equal(error.field, "fit.pairs[0].high");
        assert.match(error.message, words);
        return true;
      },
    );
  });
}
