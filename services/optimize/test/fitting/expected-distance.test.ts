import assert from "node:assert/strict";
import { test } from "node:test";
import type { Crappifier } from "@pssr/crappifiers";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { expectedDistance } from "../../dist/fitting/expected-distance.js";
import { TileMeter } from "../../dist/fitting/tile-meter.js";
import { NoiseFeatures, totalOf } from "../../dist/statistics/noise-features.js";
import { crappifierOf, degraded, highTiles } from "./microscope.js";

const tiles = highTiles(40);
const poisson = crappifierOf({ detector: [{ kind: "poisson", mix: { value: 1.3 } }] });
const blurred = crappifierOf({
  optics: [{ kind: "gaussian_blur", sigma: { value: 2 } }],
  detector: [...poisson.detector],
});
const salted = crappifierOf({ detector: [{ kind: "salt_and_pepper", amount: { value: 0.02 } }] });

/** The distance of tiles of one microscope from tiles simulated for another, and what of it should be chance; of so many tiles. */
function distances(truth: Crappifier, simulated: Crappifier, { isPaired = true, count = 20, seed = 0n } = {}) {
  // Every other one, for neighbours in the stack are alike.
  const fields = tiles.filter((_, n) => n % 2 === 0).slice(0, count);
  const others = isPaired ? fields : tiles.filter((_, n) => n % 2 === 1).slice(0, count);
  const real = fields.map((tile, n) => degraded(truth, tile, 1000n * seed + BigInt(n)));
  const { sampling } = truth;
  const options = { sampling, isPaired, highNoise: [], isRounded: false, seed: 1 };
  const meter = new TileMeter({ real, high: others }, options);
  const lows = others.map((tile, n) => degraded(simulated, tile, 1000n * seed + BigInt(500 + n)).values);
  const features = new NoiseFeatures(meter.real);
  const generator = xoroshiro128plus(7);
  const sets = { real: meter.real, simulated: meter.of(lows), isPaired };
  return {
    distance: totalOf(features.distance(features.of(sets.real), features.of(sets.simulated))),
    chance: expectedDistance(features, sets, () => uniformFloat64(generator)),
  };
}

const means = (truth: Crappifier, { isPaired = true } = {}) => {
  const all = [1n, 2n, 3n, 4n].map((seed) => distances(truth, truth, { isPaired, seed }));
  const mean = (of: (one: (typeof all)[0]) => number) => all.reduce((sum, one) => sum + of(one) / all.length, 0);
  return { distance: mean(({ distance }) => distance), chance: mean(({ chance }) => chance!) };
};

test("of the same microscope all of the distance is chance, also where few pixels have all the noise, and without pairs", () => {
  for (const [truth, isPaired] of [
    [poisson, true],
    [salted, true],
    [poisson, false],
  ] as const) {
    const { distance, chance } = means(truth, { isPaired });
    assert.ok(distance < 2 * chance && distance > chance / 4, `${distance}, of which ${chance}`);
  }
  assert.ok(means(salted).chance > 3 * means(poisson).chance);
});

test("of another microscope next to nothing is chance", () => {
  const { distance, chance } = distances(blurred, poisson);
  assert.ok(distance > 10 * chance!, `${distance}, of which ${chance}`);
});

test("few tiles do not tell", () => {
  assert.equal(distances(poisson, poisson, { count: 3 }).chance, undefined);
  assert.ok(distances(poisson, poisson, { count: 4 }).chance! > 0);
});
