/** The search of fits beside scikit-optimize's: how long it takes to suggest a point, how good what it finds is, and a whole fit. */
import { readFile } from "node:fs/promises";
import { Optimiser, SearchSpace } from "@pssr/optimize";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { inTurns } from "../in-turns.js";
import { median } from "../median.js";
import { PythonPeer, pythonFor } from "../peers/python-peer.js";
import { type Row, row } from "../row.js";
import { type Problem, problems } from "./problems.js";
import { wholeFit } from "./whole-fit.js";

const peerName = "scikit-optimize 0.10.2";
const environment = {
  name: "bench-scikit-optimize-2",
  requirements: ["pillow==12.0.0", "numpy==2.4.6", "scipy==1.17.1", "scikit-learn==1.9.1", "scikit-optimize==0.10.2"],
};

const evaluations = 100;
const names = ["a", "b", "c", "d"];
const space = new SearchSpace(names.map((name) => ({ name, min: 0, max: 1, scale: "LINEAR" })));

export async function run(): Promise<Row[]> {
  const python = await pythonFor(environment);
  await using peer = new PythonPeer(python, "bench/peers/optimize.py");
  await using fitting = new PythonPeer(python, "bench/peers/fit.py");
  const seconds = await inTurns(5, {
    ours: async (round) => [ourSeconds(history(round), round)],
    peer: async (round) => {
      const seen = history(round);
      const points = seen.map(({ point }) => names.map((name) => point[name]!));
      return peer.ask<number[]>({ points, values: seen.map(({ value }) => value), seed: round });
    },
  });
  const rate = (times: number[]) => 1 / median(times);
  return [
    row(
      "optimize/suggestions-at-100",
      "points/s",
      rate(seconds.ours),
      { least: 20, ofRatio: true },
      { name: peerName, value: rate(seconds.peer) },
    ),
    ...(await regrets()),
    ...(await wholeFit("out/bench-optimize", fitting, peerName)),
  ];
}

const seeds = Array.from({ length: 20 }, (_, seed) => seed);

/** Those of scikit-optimize take most of an hour: they are kept, with the script that made them. */
async function regrets(): Promise<Row[]> {
  const kept = await readFile("services/optimize/test/search/golden/regrets.json", "utf8");
  const golden = JSON.parse(kept) as Record<string, number[]>;
  return Object.entries(problems).map(([name, problem]) => {
    const ours = median(seeds.map((seed) => regretOf(problem, seed)));
    const theirs = { name: `${peerName}, kept`, value: median(golden[name]!) };
    return row(`optimize/regret-${name}`, "median of 20 seeds", ours, { most: 1, ofRatio: true }, theirs);
  });
}

/** How much what is given as the best is truly above the minimum. */
function regretOf({ space, evaluate, minimum, evaluations: count, noise }: Problem, seed: number): number {
  const optimiser = new Optimiser(space, { seed });
  const random = xoroshiro128plus(seed);
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - uniformFloat64(random))) * Math.cos(2 * Math.PI * uniformFloat64(random));
  for (let n = 0; n < count; n++) {
    const point = optimiser.ask();
    optimiser.tell(point, evaluate(point) + noise * normal());
  }
  if (noise > 0) return evaluate(optimiser.best().point) - minimum;
  return Math.min(...optimiser.evaluations.map(({ value }) => value)) - minimum;
}

/** What a search of ours has seen: many points about the best one, as every search has them. */
function history(seed: number) {
  const optimiser = new Optimiser(space, { seed });
  for (let n = 0; n < evaluations; n++) {
    const point = optimiser.ask();
    const distance = names.reduce((sum, name, d) => sum + (d + 1) * (point[name]! - 0.2 * (d + 1)) ** 2, 0);
    optimiser.tell(point, Math.log(distance + 0.01));
  }
  return optimiser.evaluations;
}

function ourSeconds(seen: ReturnType<typeof history>, seed: number): number {
  const optimiser = new Optimiser(space, { seed });
  for (const { point, value } of seen.slice(0, -1)) optimiser.tell(point, value);
  const { point, value } = seen.at(-1)!;
  const start = performance.now();
  optimiser.tell(point, value);
  optimiser.ask();
  return (performance.now() - start) / 1000;
}
