import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import type { GreyTile } from "../../dist/fitting/fit-problem.js";
import { profileObjective } from "../../dist/fitting/profile-objective.js";
import { TileMeter } from "../../dist/fitting/tile-meter.js";

const golden = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../test/fitting/golden/profile-objective.json"), "utf8"),
) as { losses: number[]; objective: number };

let state = 1;
/** As golden/make.py makes them. */
function values(count: number, low: number, high: number): number[] {
  return Array.from({ length: count }, () => {
    state = (state * 48271) % 2147483647;
    return low + (state % (high - low));
  });
}

test("PSSR2's objective has the value that its formula gives in numpy and Pillow", () => {
  const levels = { black: 0, white: 255 };
  const sampling = { scale: 2, kernel: "BILINEAR" as const };
  const tile = (pixels: number[] | Uint8Array, side: number): GreyTile => ({
    height: side,
    width: side,
    dtype: "uint8",
    values: Uint8Array.from(pixels),
    levels,
    field: "pairs[0]",
  });
  const options = { sampling, isPaired: true, highNoise: [], isRounded: true, seed: 0 };
  const losses = golden.losses.map(() => {
    const high = tile(values(32 * 32, 40, 200), 32);
    const reference = new TileMeter({ real: [tile(new Uint8Array(256), 16)], high: [high] }, options).references[0]!;
    const noisy = (noise: number[]) =>
      noise.map((one, n) => Math.min(Math.max(Math.round(reference.values[n]!) + one, 0), 255));
    const real = tile(noisy(values(256, -9, 14)), 16);
    const meter = new TileMeter({ real: [real], high: [high] }, options);
    return profileObjective(meter.real, meter.of([Uint8Array.from(noisy(values(256, -15, 16)))]), 16);
  });
  losses.forEach((loss, n) => {
    assert.ok(Math.abs(loss - golden.losses[n]!) < 1e-6, `${loss}, not ${golden.losses[n]}`);
  });
});
