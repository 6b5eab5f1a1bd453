import assert from "node:assert/strict";
import { test } from "node:test";
import { goodnessOfFit } from "../../dist/fitting/goodness.js";
import { TileMeter } from "../../dist/fitting/tile-meter.js";
import { crappifierOf, degraded, highTiles, pairsOf } from "./microscope.js";

const tiles = highTiles(12);
const truth = crappifierOf({ detector: [{ kind: "poisson" }] });
const options = { sampling: truth.sampling, isPaired: true, highNoise: [], isRounded: false, seed: 1 };
const { fitted } = pairsOf(truth, tiles);
const meter = new TileMeter({ real: fitted.real, high: fitted.high }, options);

function ratioOf(crappifier: typeof truth, seed: number) {
  const lows = fitted.high.map((tile, n) => degraded(crappifier, tile, BigInt(seed * 100 + n)).values);
  let state = seed;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  return goodnessOfFit(meter.real, meter.of(lows), random);
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
