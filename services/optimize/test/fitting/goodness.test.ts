import assert from "node:assert/strict";
import { test } from "node:test";
import { FEWEST_HELD_OUT, goodnessOfFit } from "../../dist/fitting/goodness.js";
import { TileMeter } from "../../dist/fitting/tile-meter.js";
import { intensityEdges, StatisticsTaker } from "../../dist/statistics/tile-statistics.js";
import { crappifierOf, degraded, highTiles, pairsOf } from "./microscope.js";

const tiles = highTiles(12);
const truth = crappifierOf({ detector: [{ kind: "poisson" }] });
const options = { sampling: truth.sampling, isPaired: true, highNoise: [], isRounded: false, seed: 1 };
const { fitted } = pairsOf(truth, tiles);
const meter = new TileMeter({ real: fitted.real, high: fitted.high }, options);

function ratioOf(crappifier: typeof truth, seed: number) {
  const lows = fitted.high.map((tile, n) => degraded(crappifier, tile, BigInt(seed * 100 + n)).values);
  return goodnessOfFit(meter.real, meter.of(lows), randomOf(seed));
}

/** Numbers from 0 to below 1. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Tiles with a gradient and normal noise. */
function plainTiles(): (sigma: number, random: () => number) => ReturnType<StatisticsTaker["take"]> {
  const side = 32;
  const values = Float32Array.from({ length: side * side }, (_, n) => 60 + 120 * ((n % side) / side));
  const reference = { height: side, width: side, values };
  const taker = new StatisticsTaker(intensityEdges([reference], 12), side);
  return (sigma, random) => {
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return taker.take(
      reference,
      values.map((value) => Math.round(value + sigma * normal())),
    );
  };
}

test("tiles with the microscope's own noise are as near as real ones are to each other", () => {
  const ratios = [1, 2, 3, 4, 5, 6].map((seed) => ratioOf(truth, seed));
  const mean = ratios.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / ratios.length;
  assert.ok(Math.abs(mean) < 0.3, `${Math.exp(mean)}`);
  const within = ratios.filter(({ low, high }) => low <= 1 && 1 <= high);
  assert.ok(within.length >= 5, ratios.map(({ low, high }) => `${low} to ${high}`).join());
});

test("other noise is further away, and the term says what differs", () => {
  const louder = ratioOf(crappifierOf({ detector: [{ kind: "poisson", mix: { value: 1.3 } }] }), 1);
  assert.ok(louder.ratio > 10 && louder.low > 1, `${louder.ratio}`);
  // As loud as photon noise is here on average, but as loud in the dark as in bright places.
  const whole = meter.references.flatMap(({ values }) => [...values]);
  const sigma = Math.sqrt(whole.reduce((sum, value) => sum + value, 0) / whole.length);
  const flat = ratioOf(crappifierOf({ detector: [{ kind: "gaussian", sigma: { value: sigma } }] }), 1);
  assert.ok(flat.terms.intensity > 2 * flat.terms.spectrum, JSON.stringify(flat.terms));
  const rows = ratioOf(
    crappifierOf({
      detector: [{ kind: "poisson" }, { kind: "brightness_bands", amplitude: { value: 4 }, length: { value: 2 } }],
    }),
    1,
  );
  assert.ok(rows.terms.spectrum > rows.terms.intensity, JSON.stringify(rows.terms));
});

test("where real tiles have no noise at all, every number is one: what has none either is as near, what has some is far away", () => {
  const [tile, random] = [plainTiles(), randomOf(7)];
  const tilesOf = (sigma: number) => Array.from({ length: 8 }, () => tile(sigma, random));
  const same = goodnessOfFit(tilesOf(0), tilesOf(0), random);
  assert.deepEqual(same, { ratio: 1, low: 1, high: 1, terms: { profile: 1, intensity: 1, spectrum: 1, tiles: 1 } });
  const { ratio, low, high, terms } = goodnessOfFit(tilesOf(0), tilesOf(3), random);
  for (const one of [ratio, low, high, ...Object.values(terms)]) assert.ok(Number.isFinite(one), `${one}`);
  assert.ok(low > 100 && terms.intensity > 100 && terms.spectrum > 100, `${low} ${JSON.stringify(terms)}`);
});

test("of the fewest tiles that it is measured on, the interval holds what many such measurements say", () => {
  const [tile, random] = [plainTiles(), randomOf(12345)];
  for (const sigma of [10, 11.2]) {
    const runs = Array.from({ length: 40 }, () => {
      const [real, simulated] = [10, sigma].map((own) =>
        Array.from({ length: FEWEST_HELD_OUT }, () => tile(own, random)),
      );
      return goodnessOfFit(real!, simulated!, random);
    });
    const median = runs.map(({ ratio }) => ratio).sort((a, b) => a - b)[20]!;
    const holding = runs.filter(({ low, high }) => low <= median && median <= high).length;
    assert.ok(holding >= 37, `sigma ${sigma}: ${holding} of 40`);
  }
});
