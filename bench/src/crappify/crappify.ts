/** The rates of crappifiers beside PSSR2's, one thread each; and what the way through gRPC costs a stream of pairs. */
import { crappify, type PixelTile, parseCrappifier } from "@pssr/crappifiers";
import { inTurns } from "../in-turns.js";
import { median } from "../median.js";
import { PythonPeer, pythonFor } from "../peers/python-peer.js";
import { type Row, row } from "../row.js";
import { streamPairs } from "./stream-pairs.js";

const pssr2 = "PSSR2 2.4.0";
const environment = {
  name: "bench-pssr2-crappifiers",
  requirements: ["numpy==2.2.6", "pillow==12.0.0", "scikit-image==0.25.2"],
  withoutDependencies: ["pssr==2.4.0"],
};

interface Case {
  name: string;
  crappifier: unknown;
  /** How many times PSSR2's rate is promised; undefined: nothing. */
  target?: number;
}

const poisson = { kind: "poisson", mix: { value: 1 } };
const gaussian = (sigma: number) => ({ kind: "gaussian", sigma: { value: sigma } });
const saltAndPepper = { kind: "salt_and_pepper", amount: { value: 0.005 } };
const noise = (...detector: object[]) => ({ sampling: { scale: 1 }, detector });

const cases: Case[] = [
  { name: "pair", crappifier: { detector: [poisson] }, target: 10 },
  { name: "poisson", crappifier: noise(poisson), target: 15 },
  { name: "gaussian", crappifier: noise(gaussian(13)), target: 5 },
  { name: "salt-and-pepper", crappifier: noise(saltAndPepper) },
  { name: "blur", crappifier: noise({ kind: "gaussian_blur", sigma: { value: 2 } }) },
  { name: "chain", crappifier: noise(poisson, gaussian(4), saltAndPepper), target: 10 },
];

export async function run(): Promise<Row[]> {
  await using peer = new PythonPeer(await pythonFor(environment), "bench/peers/crappify.py");
  const rows: Row[] = [];
  for (const { name, crappifier, target } of cases) {
    const spec = parseCrappifier(crappifier, "crappifier");
    const rate = await inTurns(10, {
      ours: async (round) => ourSeconds(spec, round).map((seconds) => 1 / seconds),
      peer: async () => (await peer.ask<number[]>({ case: name, rounds: 10 })).map((seconds) => 1 / seconds),
    });
    rows.push(
      row(
        `crappify/${name}`,
        "images/s",
        median(rate.ours),
        target === undefined ? undefined : { least: target, ofRatio: true },
        { name: pssr2, value: median(rate.peer) },
      ),
    );
  }
  return [...rows, ...(await streamPairs())];
}

const side = 512;

/** The same picture as the peer's. */
const image: PixelTile<"uint8"> = {
  data: Uint8Array.from({ length: side * side }, (_, n) => {
    const row = Math.floor(n / side);
    const column = n % side;
    return (row * row * 3 + column * 7 + ((row * column) % 31) * 5) % 256;
  }),
  dtype: "uint8",
  frames: 1,
  height: side,
  width: side,
};

function ourSeconds(spec: ReturnType<typeof parseCrappifier>, round: number): number[] {
  // About as long as the peer's ten: in short turns neither would run as it does under steady work. The first round, which does
  // not count, goes on until all code is compiled for speed.
  return Array.from({ length: round === 0 ? 1000 : 100 }, (_, tile) => {
    const start = performance.now();
    crappify(spec, image, { black: 0, white: 255 }, { seed: 1n, image: "bench", tile, epoch: round });
    return (performance.now() - start) / 1000;
  });
}
