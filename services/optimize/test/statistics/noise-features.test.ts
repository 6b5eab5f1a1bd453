import assert from "node:assert/strict";
import test from "node:test";
import { type Crappifier, crappify, type PixelTile, parseCrappifier } from "@pssr/crappifiers";
import { NoiseFeatures, totalOf } from "../../dist/statistics/noise-features.js";
import {
  intensityEdges,
  type Reference,
  StatisticsTaker,
  type TileStatistics,
} from "../../dist/statistics/tile-statistics.js";

const levels = { black: 0, white: 255 };
const side = 256;
/** Smooth structure over most of the range, other in each tile. */
const tiles = Array.from({ length: 8 }, (_, t): PixelTile<"uint8"> => {
  const data = Uint8Array.from({ length: side * side }, (_, n) => {
    const [y, x] = [Math.floor(n / side), n % side];
    return 120 + 60 * Math.sin(x / (9 + t)) * Math.cos(y / (11 + t)) + 40 * Math.sin((x + 2 * y) / 40 + t);
  });
  return { data, dtype: "uint8", frames: 1, height: side, width: side };
});
const sampling = { scale: 2, kernel: "BILINEAR" as const };
const lowOf = (crappifier: Crappifier, tile: PixelTile, n: number, seed: number) =>
  crappify(crappifier, tile, levels, { seed: BigInt(seed), image: "test", tile: n, epoch: 0 });
const references = tiles.map((tile, n): Reference => {
  const exact = { ...tile, dtype: "float32" as const, data: Float32Array.from(tile.data) };
  const { height, width, data } = lowOf({ optics: [], sampling, detector: [] }, exact, n, 0);
  return { height, width, values: data as Float32Array };
});
const taker = new StatisticsTaker(intensityEdges(references, 8), side / 2);

function simulate(stages: object, seed: number): TileStatistics[] {
  const crappifier = parseCrappifier({ sampling, ...stages }, "crappifier");
  return tiles.map((tile, n) => taker.take(references[n]!, Float32Array.from(lowOf(crappifier, tile, n, seed).data)));
}

const value = (value: number, spread = 0) => ({ value, spread });
const poisson = (mix: number, spread = 0) => ({ detector: [{ kind: "poisson", mix: value(mix, spread) }] });

test("two samples of the same noise are about 1 apart, in each term, whatever the noise", () => {
  for (const noise of [
    poisson(0.5),
    poisson(2),
    { detector: [{ kind: "gaussian", sigma: value(10) }] },
    { optics: [{ kind: "line_jitter", sigma: value(0.7) }], detector: [{ kind: "gaussian", sigma: value(4) }] },
  ]) {
    const terms = { profile: 0, intensity: 0, spectrum: 0, tiles: 0 };
    const seeds = [1, 2, 3, 4, 5, 6];
    for (const seed of seeds) {
      const real = simulate(noise, seed);
      const features = new NoiseFeatures(real);
      const distance = features.distance(features.of(real), features.of(simulate(noise, 100 + seed)));
      for (const name of Object.keys(terms) as (keyof typeof terms)[]) terms[name] += distance[name] / seeds.length;
    }
    for (const [name, mean] of Object.entries(terms)) {
      assert.ok(mean > 0.2 && mean < 3, `${JSON.stringify(noise)}: ${name} ${mean}`);
    }
  }
});

for (const [what, real, other, term] of [
  ["strength", poisson(1), poisson(1.1), "intensity"],
  ["strength", poisson(1), poisson(1.1), "profile"],
  [
    "an offset",
    poisson(1),
    { detector: [...poisson(1).detector, { kind: "gaussian", mean: value(2), sigma: value(0) }] },
    "intensity",
  ],
  // As strong on the whole, but as strong in the dark.
  ["dependence on intensity", poisson(1), { detector: [{ kind: "gaussian", sigma: value(11) }] }, "intensity"],
  [
    "noise that is blurred",
    poisson(1),
    { detector: [...poisson(1).detector, { kind: "gaussian_blur", sigma: value(0.5) }] },
    "spectrum",
  ],
  ["bands", poisson(1), { detector: [{ kind: "brightness_bands" }, ...poisson(1).detector] }, "spectrum"],
  ["how much tiles differ", poisson(1, 0.4), poisson(1), "tiles"],
] as const) {
  test(`${what} is seen by the term ${term}`, () => {
    const features = new NoiseFeatures(simulate(real, 1));
    const distance = features.distance(features.of(simulate(real, 1)), features.of(simulate(other, 2)));
    assert.ok(distance[term] > 5, `${distance[term]}`);
    assert.ok(totalOf(distance) > 2);
  });
}

test("a tile that counts twice is as if it stood there twice", () => {
  const real = simulate(poisson(1), 1);
  const features = new NoiseFeatures(real);
  const twice = features.of([...real, real[0]!, real[0]!], undefined);
  const weighed = features.of(real, [3, ...real.slice(1).map(() => 1)]);
  for (let n = 0; n < twice.length; n++)
    assert.ok(Math.abs(twice[n]! - weighed[n]!) < 1e-9 * Math.max(1, Math.abs(twice[n]!)));
});

test("noise that there is none of can be compared too", () => {
  const nothing = simulate({ detector: [] }, 1);
  const features = new NoiseFeatures(nothing);
  const same = features.distance(features.of(nothing), features.of(nothing));
  assert.deepEqual(same, { profile: 0, intensity: 0, spectrum: 0, tiles: 0 });
  assert.ok(features.of(simulate(poisson(0.2), 1)).every(Number.isFinite));
});
