import assert from "node:assert/strict";
import test from "node:test";
import { moments } from "../random/goodness-of-fit.js";
import { degrade, picture } from "./picture.js";

/** A slope along x: what a row sees tells how far it was displaced. */
const slope = picture(4000, 64, (_, x) => x);
const middle = (values: Float32Array) => Float64Array.from({ length: 4000 }, (_, row) => values[row * 64 + 32]! - 32);

test("each line is displaced by a normal number of its own, as a whole", () => {
  const jittered = degrade(slope, { kind: "line_jitter", sigma: { value: 1.5 } });
  const { mean, variance } = moments(middle(jittered));
  assert.ok(Math.abs(mean) < (4 * 1.5) / Math.sqrt(4000), `mean ${mean}`);
  assert.ok(Math.abs(variance / 2.25 - 1) < 4 * Math.sqrt(2 / 4000), `variance ${variance}`);
  for (let row = 0; row < 4000; row++) {
    const shift = jittered[row * 64 + 32]! - 32;
    assert.ok(Math.abs(jittered[row * 64 + 20]! - 20 - shift) < 1e-4);
  }
});

test("drift is even, and leaves the middle where it is", () => {
  const drifted = middle(degrade(slope, { kind: "drift", x: { value: 8 } }));
  assert.ok(Math.abs(drifted[0]! - 4) < 0.01 && Math.abs(drifted[3999]! + 4) < 0.01);
  assert.ok(Math.abs(drifted[2000]!) < 0.01);
  const down = degrade(
    picture(100, 8, (y) => y),
    { kind: "drift", y: { value: -5 } },
  );
  assert.ok(Math.abs(down[10 * 8]! - (10 + 5 * (10.5 / 100 - 0.5))) < 1e-4);
});

test("beyond the edge its pixels go on", () => {
  const right = degrade(
    picture(4, 4, (_, x) => x),
    { kind: "drift", x: { value: 100 } },
  );
  assert.deepEqual([...right.slice(12)], [0, 0, 0, 0]);
});

test("bands have their amplitude, and rows are alike over their length", () => {
  const tall = picture(60_000, 1, () => 100);
  const banded = degrade(tall, { kind: "brightness_bands", amplitude: { value: 6 }, length: { value: 5 } });
  const offsets = Float64Array.from(banded, (value) => value - 100);
  const { mean, variance } = moments(offsets);
  // Rows that are alike count as fewer: their number divided by (1 + ρ) / (1 − ρ).
  const independent = 60_000 / ((1 + Math.exp(-0.2)) / (1 - Math.exp(-0.2)));
  assert.ok(Math.abs(mean) < (4 * 6) / Math.sqrt(independent), `mean ${mean}`);
  assert.ok(Math.abs(variance / 36 - 1) < 4 * Math.sqrt(2 / independent), `variance ${variance}`);
  for (const distance of [1, 5, 20]) {
    let sum = 0;
    for (let row = distance; row < offsets.length; row++) sum += offsets[row]! * offsets[row - distance]!;
    const correlation = sum / (offsets.length - distance) / variance;
    assert.ok(Math.abs(correlation - Math.exp(-distance / 5)) < 0.05, `${correlation} over ${distance} rows`);
  }
});

test("a row of bands is offset as a whole", () => {
  const banded = degrade(
    picture(50, 20, () => 100),
    { kind: "brightness_bands" },
  );
  for (let n = 0; n < banded.length; n++) assert.equal(banded[n], banded[n - (n % 20)]);
});

test("frames of a tile are banded and jittered independently", () => {
  const frames = picture(128, 8, () => 100);
  const banded = degrade(frames, { kind: "brightness_bands" }, { frames: 2 });
  assert.notDeepEqual(banded.slice(0, 512), banded.slice(512));
});
