/**
 * Pairs through gRPC on loopback, received by another process, beside the same pairs made and read in the service's own
 * process; in turns, with one thread that makes them.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { defaultCrappifier } from "@pssr/crappifiers";
import { type PairStreamSpec, PairStreams, PixelReader } from "@pssr/crappify";
import { createLogger } from "@pssr/platform";
import { inTurns } from "../in-turns.js";
import { median } from "../median.js";
import { type Row, row } from "../row.js";
import { type PairGround, startPairGround } from "./pair-ground.js";
import type { ReaderOrder } from "./pair-reader.js";

const batchSize = 8;
const rounds = 7;

export async function streamPairs(): Promise<Row[]> {
  await using ground = await startPairGround([128, 512]);
  const rows: Row[] = [];
  for (const tileSize of ground.tileSizes) {
    const steps = tileSize === 128 ? 400 : 60;
    const rate = await inTurns(rounds, {
      ours: async (round) => [(steps * batchSize) / (await throughGrpc(ground, tileSize, steps, round))],
      peer: async (round) => [(steps * batchSize) / (await inProcess(ground, tileSize, steps, round))],
    });
    const peer = { name: "the same pairs in process", value: median(rate.peer) };
    const target = { least: 0.85, ofRatio: true };
    rows.push(row(`crappify/stream-pairs-${tileSize}`, "pairs/s", median(rate.ours), target, peer));
  }
  return rows;
}

/** Seconds for the steps, from the first pair on. */
async function throughGrpc(ground: PairGround, tileSize: number, steps: number, round: number): Promise<number> {
  const reader: ChildProcess = fork(new URL("./pair-reader.js", import.meta.url), { stdio: "inherit" });
  const order: ReaderOrder = {
    address: ground.address,
    token: await ground.token(),
    dataset: ground.datasetName(tileSize),
    batchSize,
    steps,
    seed: round,
  };
  reader.send(order);
  const [seconds] = (await once(reader, "message")) as [number];
  await once(reader, "exit");
  return seconds;
}

async function inProcess(ground: PairGround, tileSize: number, steps: number, round: number): Promise<number> {
  const pixels = new PixelReader({ objects: ground.objects, threads: 1, cacheBytes: ground.cacheBytes });
  const log = createLogger({ service: "bench", level: "silent" });
  const streams = new PairStreams({
    datasets: ground.datasets,
    pixels,
    prefetchBytes: ground.prefetchBytes,
    log,
  });
  const spec: PairStreamSpec = {
    split: "training",
    crappifier: defaultCrappifier,
    seed: BigInt(round),
    batchSize,
    fromStep: 0,
    steps,
    augment: true,
    fixedNoise: false,
    intensityAugmentation: 0,
    shardIndex: 0,
    shardCount: 1,
  };
  try {
    let begun: number | undefined;
    for await (const _ of streams.open(ground.datasetKey(tileSize), "", spec, {})) begun ??= performance.now();
    return (performance.now() - begun!) / 1000;
  } finally {
    await pixels.close();
  }
}
