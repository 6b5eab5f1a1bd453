import assert from "node:assert/strict";
import { test } from "node:test";
import type { Crappifier } from "@pssr/crappifiers";
import { checkTiles } from "../../dist/fitting/check-tiles.js";
import type { GreyTile, TileSet } from "../../dist/fitting/fit-problem.js";
import { TileMeter } from "../../dist/fitting/tile-meter.js";
import { crappifierOf, degraded, highTiles, problemOf } from "./microscope.js";

const high = highTiles(12);
const noise = { kind: "gaussian", sigma: { value: 6 } };
const offset = { path: "detector[0].offset.value", min: 0, max: 60, scale: "LINEAR" as const };

/** What is found in pairs of a microscope whose every image is changed by `stretched`. */
function findings(
  truth: Crappifier,
  stretched: (value: number, image: number) => number = (value) => value,
  { template = crappifierOf({ detector: [{ kind: "camera" }] }), ranges = [offset], tiles = high } = {},
) {
  const real = tiles.map((tile, n): GreyTile => {
    const low = degraded(truth, tile, BigInt(n));
    const values = Uint8Array.from(low.values, (value) => Math.min(Math.max(Math.round(stretched(value, n)), 0), 255));
    return { ...low, values };
  });
  const fitted: TileSet = { real, high: tiles };
  const problem = problemOf(template, ranges, { fitted, heldOut: { real: [], high: [] } });
  const { sampling } = template;
  const meter = new TileMeter(fitted, { sampling, isPaired: true, highNoise: [], isRounded: false, seed: 1 });
  return checkTiles(problem, [meter]).filter(({ kind }) => kind === "OTHER_BRIGHTNESS");
}

test("images of one microscope are as bright as each other, whatever it does to brightness", () => {
  for (const truth of [
    { detector: [noise] },
    { optics: [{ kind: "gaussian_blur", sigma: { value: 6 } }], detector: [{ kind: "poisson", mix: { value: 3 } }] },
    { optics: [{ kind: "contrast", gamma: { value: 0.5 } }], detector: [noise] },
    { optics: [{ kind: "contrast", gain: { value: 0.5 }, offset: { value: 20 } }], detector: [noise] },
  ]) {
    assert.deepEqual(findings(crappifierOf(truth)), [], JSON.stringify(truth));
  }
});

test("images that were stretched each to its own range are told, with the worst of them", () => {
  const truth = crappifierOf({ detector: [noise] });
  const [found, ...others] = findings(truth, (value, n) => (n === 7 ? 1.4 * value - 20 : (0.95 + 0.01 * n) * value));
  assert.equal(others.length, 0);
  assert.equal(found!.subject, "pairs[7].low");
  assert.match(found!.message, /^pairs\[7\]\.low is up to \d+ \/ 255 brighter than other low-resolution images/);
  const [darker] = findings(truth, (value, n) => (n === 2 ? value - 25 : value));
  assert.match(darker!.message, /^pairs\[2\]\.low is up to 2\d \/ 255 darker .* 1 of 12 differ so/);
});

test("one image that deviates is one, however few there are and whichever it is", () => {
  const flat = (tile: GreyTile): GreyTile => ({
    ...tile,
    values: tile.values.map((value, n) => (n % 256 < 128 ? 0 : value)),
  });
  for (const tiles of [high.slice(0, 4), high.slice(0, 6), high.slice(0, 5).map(flat)]) {
    for (const worst of [0, 2]) {
      const brighter = (value: number, n: number) => (n === worst ? value + 40 : value);
      const [found] = findings(crappifierOf({ detector: [noise] }), brighter, { tiles });
      assert.equal(found!.subject, `pairs[${worst}].low`);
      assert.match(found!.message, new RegExp(`1 of ${tiles.length} differ so`));
    }
  }
});

test("what the crappifier itself varies is no finding", () => {
  const truth = crappifierOf({ detector: [noise] });
  const uneven = (value: number, n: number) => (0.8 + 0.04 * n) * value;
  assert.equal(findings(truth, uneven).length, 1);
  const contrast = (spread: number) => ({ kind: "contrast", gain: { value: 1, spread } });
  const varied = crappifierOf({ optics: [contrast(0.1)], detector: [{ kind: "camera" }] });
  assert.deepEqual(findings(truth, uneven, { template: varied }), []);
  const bands = crappifierOf({ detector: [{ kind: "brightness_bands" }, noise] });
  assert.deepEqual(findings(bands, undefined, { template: bands }), []);
  const asked = crappifierOf({ optics: [contrast(0)], detector: [{ kind: "camera" }] });
  const spread = { path: "optics[0].gain.spread", min: 0, max: 0.5, scale: "LINEAR" as const };
  assert.deepEqual(findings(truth, uneven, { template: asked, ranges: [offset, spread] }), []);
});
