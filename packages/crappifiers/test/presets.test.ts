/** Presets do what their texts say. */
import assert from "node:assert/strict";
import test from "node:test";
import {
  checkFit,
  crappify,
  fromCrappifierMessage,
  noiseStatistics,
  presets,
  toCrappifierMessage,
} from "@pssr/crappifiers";

const levels = { black: 0, white: 255 };
/** Pixels of a usual light microscope; the lens of one preset asks for them. */
const pixelSizeNm = 65;
const frames = 64;
const side = 128;

for (const [name, { description, source, crappifier }] of Object.entries(presets)) {
  test(`${name} is complete, fits tiles of ${side} pixels, and says where its numbers come from`, () => {
    assert.match(name, /^[a-z0-9-]{1,40}$/);
    assert.match(source, /\b(19|20)\d\d\b|[Mm]easured|assumed/);
    assert.deepEqual(fromCrappifierMessage(toCrappifierMessage(crappifier), "preset"), crappifier);
    for (const scale of [1, 2, 4]) {
      const scaled = { ...crappifier, sampling: { ...crappifier.sampling, scale } };
      checkFit(scaled, { height: side, width: side, pixelSizeNm }, name);
    }
  });

  test(`${name} makes as much noise as its text claims`, () => {
    const claimed = /Noise of about (\d+) \/ 255 at half white/.exec(description)?.[1];
    assert.ok(claimed !== undefined, description);
    const data = new Uint8Array(frames * side * side).fill(128);
    const key = { seed: 1n, image: "flat", tile: 0, epoch: 0 };
    const flat = { data, dtype: "uint8" as const, frames, height: side, width: side };
    const low = crappify(crappifier, flat, { ...levels, pixelSizeNm }, key);
    const { standardDeviation } = noiseStatistics(new Uint8Array(low.data.length).fill(128), low.data, levels);
    const tolerance = Math.max(0.6, 0.03 * Number(claimed));
    assert.ok(Math.abs(standardDeviation - Number(claimed)) < tolerance, `${standardDeviation}, claimed ${claimed}`);
  });
}
