/**
 * Whether a fit finds what is known: images of three data sets, degraded with known numbers, ten seeds each. How far off the worst
 * of them is, and how many of the 95 % intervals hold the truth.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Crappifier, crappify } from "@pssr/crappifiers";
import { decodeImage } from "@pssr/imaging";
import { type GreyTile, runFit, type TileSet } from "@pssr/optimize";
import { type Row, row } from "../row.js";
import { type KnownMicroscope, microscopes, valueAt } from "./known-microscopes.js";

const data = process.env.PSSR_BENCH_DATA ?? "../shared/data";
const folders = {
  "em-fibsem": "examples/em-fibsem/train",
  "axon-sem": join(data, "axon-sem"),
  "w2s-clean": join(data, "w2s/clean"),
};
const seeds = 10;
const side = 512;
/** Of the tiles; by the others is judged. */
const fittedShare = 0.75;
const levels = { black: 0, white: 255 };

export async function run(): Promise<Row[]> {
  const rows: Row[] = [];
  const intervals: boolean[] = [];
  for (const [name, microscope] of Object.entries(microscopes)) {
    const errors: number[] = [];
    const own: boolean[] = [];
    for (const [n, [set, folder]] of Object.entries(folders).entries()) {
      const tiles = await tilesOf(folder, Math.ceil(microscope.tiles / fittedShare));
      const began = performance.now();
      const found = [];
      // Each set has its own: with equal random numbers its intervals would miss where those of another do.
      for (let seed = 1; seed <= seeds; seed++) found.push(...(await errorsOf(microscope, tiles, n * seeds + seed)));
      errors.push(...found.map(({ percent }) => percent));
      own.push(...found.map(({ isWithin }) => isWithin));
      tell(name, set, found, (performance.now() - began) / 1000 / seeds);
    }
    const { tolerance } = microscope;
    rows.push(row(`fits/${name}`, `% off, worst of ${errors.length}`, Math.max(...errors), { most: tolerance }));
    rows.push(row(`fits/${name}-intervals`, "% hold the truth", share(own), { least: 90 }));
    intervals.push(...own);
  }
  return [...rows, row("fits/all-intervals", "% hold the truth", share(intervals), { least: 90 })];
}

interface Found {
  path: string;
  percent: number;
  isWithin: boolean;
}

async function errorsOf(microscope: KnownMicroscope, tiles: readonly GreyTile[], seed: number): Promise<Found[]> {
  const { truth, template, ranges } = microscope;
  const fitted = Math.ceil(fittedShare * tiles.length);
  const pairs = (high: readonly GreyTile[], first: number): TileSet => ({
    real: high.map((tile, n) => {
      const { height, width, values } = degraded(truth, tile, BigInt(1000 * seed + first + n));
      return { ...tile, height, width, values };
    }),
    high,
  });
  const problem = {
    template,
    ranges,
    optional: [],
    isPaired: true,
    fitted: pairs(tiles.slice(0, fitted), 0),
    heldOut: pairs(tiles.slice(fitted), 500),
    detector: { scans: [], darkFrames: [] },
    highNoise: [],
    objective: "FEATURES" as const,
    budget: { evaluations: 60 },
    seed,
  };
  const { parameters } = await runFit(
    { problem, kept: [] },
    {
      async degrade({ tiles: set, crappifier, seed }) {
        const { high } = set === "FITTED" ? problem.fitted : problem.heldOut;
        return high.map((tile, n) => degraded(crappifier, tile, seed + BigInt(n)).values);
      },
      async keep() {},
      throwIfGivenUp() {},
    },
  );
  return parameters.map(({ path, value, low, high }) => {
    const known = valueAt(truth, path);
    return { path, percent: 100 * Math.abs(value / known - 1), isWithin: low <= known && known <= high };
  });
}

function degraded(crappifier: Crappifier, { values, dtype, height, width }: GreyTile, seed: bigint) {
  const tile = { data: values as Uint8Array, dtype: dtype as "uint8", frames: 1, height, width };
  const low = crappify(crappifier, tile, levels, { seed, image: "bench", tile: 0, epoch: 0 });
  return { height: low.height, width: low.width, values: low.data };
}

/** As many tiles from each image as are needed, from its upper left. */
async function tilesOf(folder: string, wanted: number): Promise<GreyTile[]> {
  const files = (await readdir(folder)).filter((name) => /\.(png|tif)$/.test(name)).sort();
  const perImage = Math.ceil(wanted / files.length);
  const tiles: GreyTile[] = [];
  for (const file of files) {
    const { pixels } = decodeImage(await readFile(join(folder, file)), { maxPixels: 1e8, maxBytes: 1e9 });
    const [height, width] = pixels.shape.slice(-2) as [number, number];
    const places = [];
    for (let y = 0; y + side <= height; y += side) for (let x = 0; x + side <= width; x += side) places.push([y, x]);
    // Small images have fewer tiles than wanted: windows from their other ends, which overlap those.
    if (places.length < perImage) places.push([height - side, width - side], [0, width - side], [height - side, 0]);
    for (const [y, x] of places.slice(0, perImage) as [number, number][]) {
      const values = new Uint8Array(side * side);
      for (let row = 0; row < side; row++) {
        const from = (y + row) * width + x;
        values.set(pixels.data.subarray(from, from + side) as Uint8Array, row * side);
      }
      tiles.push({ height: side, width: side, dtype: "uint8", values, levels, field: `${file}@${y},${x}` });
    }
  }
  return tiles.slice(0, wanted);
}

function tell(name: string, set: string, found: readonly Found[], seconds: number): void {
  const paths = [...new Set(found.map(({ path }) => path))];
  const words = paths.map((path) => {
    const own = found.filter((one) => one.path === path);
    const worst = Math.max(...own.map(({ percent }) => percent));
    const within = own.filter(({ isWithin }) => isWithin).length;
    return `${path} ${worst.toFixed(2)} % off at worst, ${within} of ${own.length} intervals`;
  });
  process.stderr.write(`bench: ${name}, ${set}: ${words.join("; ")}; ${seconds.toFixed(1)} s a fit\n`);
}

function share(of: readonly boolean[]): number {
  return (100 * of.filter(Boolean).length) / of.length;
}
