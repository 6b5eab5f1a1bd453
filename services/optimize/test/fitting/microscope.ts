/** Tiles of the example data, and low-resolution tiles of them as a microscope with a known crappifier takes them. */
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { type Crappifier, crappify, parseCrappifier } from "@pssr/crappifiers";
import type { FitOutcome, KeptLook, Look } from "../../dist/fitting/fit-outcome.js";
import type { FitProblem, GreyTile, TileSet } from "../../dist/fitting/fit-problem.js";
import { runFit } from "../../dist/fitting/run-fit.js";
import type { ParameterRange } from "../../dist/template/crappifier-template.js";
import { SIDE, slice } from "../closed-forms/scenes.js";

const folder = resolve(import.meta.dirname, "../../../../examples/em-fibsem/train");

/** The middles of as many slices. */
export function highTiles(count: number): GreyTile[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".png"))
    .sort()
    .slice(0, count);
  return names.map((name, n) => {
    const { values, levels, dtype } = slice(name.split(".")[1]!);
    return { height: SIDE, width: SIDE, dtype, values, levels, field: `pairs[${n}].high` };
  });
}

export function crappifierOf(spec: { optics?: unknown[]; detector?: unknown[] }): Crappifier {
  return parseCrappifier({ sampling: { scale: 4, kernel: "BILINEAR" }, detector: [], ...spec }, "crappifier");
}

export function degraded(crappifier: Crappifier, tile: GreyTile, seed: bigint): GreyTile {
  const { values: data, dtype, height, width, levels, field } = tile;
  const key = { seed, image: field, tile: 0, epoch: 0 };
  const low = crappify(crappifier, { data, dtype, frames: 1, height, width }, levels, key);
  const { scale } = crappifier.sampling;
  return {
    ...tile,
    height: height / scale,
    width: width / scale,
    values: low.data,
    field: field.replace("high", "low"),
  };
}

/** Pairs that a microscope with this crappifier has taken: three quarters of them to fit to, the others held back. */
export function pairsOf(
  truth: Crappifier,
  tiles: readonly GreyTile[],
  seed = 1,
): { fitted: TileSet; heldOut: TileSet } {
  const real = tiles.map((tile, n) => degraded(truth, tile, BigInt(1_000_000_000 + 1000 * seed + n)));
  const count = Math.ceil((3 * tiles.length) / 4);
  return {
    fitted: { real: real.slice(0, count), high: tiles.slice(0, count) },
    heldOut: { real: real.slice(count), high: tiles.slice(count) },
  };
}

export function problemOf(
  template: Crappifier,
  ranges: readonly ParameterRange[],
  sets: { fitted: TileSet; heldOut: TileSet },
  changes: Partial<FitProblem> = {},
): FitProblem {
  return {
    template,
    ranges,
    optional: [],
    isPaired: true,
    ...sets,
    detector: { scans: [], darkFrames: [] },
    highNoise: [],
    objective: "FEATURES",
    budget: { evaluations: 40 },
    seed: 1,
    ...changes,
  };
}

/** Runs it with the crappifiers of this process; `kept` has the looks that were taken. */
export async function fitted(
  problem: FitProblem,
  earlier: readonly KeptLook[] = [],
): Promise<{ outcome: FitOutcome; kept: KeptLook[]; asked: Look[] }> {
  const kept: KeptLook[] = [];
  const asked: Look[] = [];
  const outcome = await runFit(
    { problem, kept: earlier },
    {
      async degrade(look) {
        asked.push(look);
        const { high } = look.tiles === "FITTED" ? problem.fitted : problem.heldOut;
        return high.map((tile, n) => degraded(look.crappifier, tile, look.seed + BigInt(n)).values);
      },
      async keep(look) {
        kept.push(look);
      },
      throwIfGivenUp() {},
    },
  );
  return { outcome, kept, asked };
}
