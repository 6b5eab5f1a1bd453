/**
 * Pairs through gRPC on loopback, received by another process, beside the same pairs made and read in the service's own
 * process; in turns, with one thread each that makes them, which lives through all rounds: image decoded, code compiled. The
 * reader's process is new in each round, and a quarter of the steps is for it to warm up; the peer has no such process, and
 * leaves the same quarter out.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { CrappifyServiceDefinition } from "@pssr/api";
import { defaultCrappifier } from "@pssr/crappifiers";
import { type PairStreamSpec, PairStreams, PixelReader } from "@pssr/crappify";
import { connectService, createLogger } from "@pssr/platform";
import { inTurns } from "../in-turns.js";
import { median, quantile } from "../median.js";
import { type Row, row } from "../row.js";
import { type PairGround, startPairGround } from "./pair-ground.js";
import type { ReaderOrder } from "./pair-reader.js";
import { StreamWatch } from "./stream-watch.js";

const batchSize = 8;
const rounds = 7;

export async function streamPairs(): Promise<Row[]> {
  await using ground = await startPairGround([128, 512]);
  const pixels = new PixelReader({ objects: ground.objects, threads: 1, cacheBytes: ground.cacheBytes });
  const rows: Row[] = [];
  try {
    for (const tileSize of ground.tileSizes) {
      const steps = tileSize === 128 ? 800 : 160;
      const rate = await inTurns(rounds, {
        ours: async (round) => [await throughGrpc(ground, tileSize, steps, round)],
        peer: async (round) => [await inProcess(ground, pixels, tileSize, steps, round)],
      });
      const peer = { name: "the same pairs in process", value: median(rate.peer) };
      const target = { least: 0.85, ofRatio: true };
      rows.push(row(`crappify/stream-pairs-${tileSize}`, "pairs/s", median(rate.ours), target, peer));
    }
  } finally {
    await pixels.close();
  }
  rows.push(await previews(ground), await memoryGrowth(ground));
  return rows;
}

/** How long someone waits who moves a slider: a preview of 512², over gRPC. */
async function previews(ground: PairGround): Promise<Row> {
  const connection = connectService(ground.address, { peer: "crappify", token: () => ground.token() });
  const { preview } = connection.client(CrappifyServiceDefinition);
  const request = { image: ground.image, region: { start: [], shape: [512n, 512n] } };
  const times: number[] = [];
  for (let seed = 0; seed < 60; seed++) {
    const begun = performance.now();
    await preview({ ...request, seed: BigInt(seed) });
    if (seed >= 10) times.push(performance.now() - begun);
  }
  connection.close();
  return row("crappify/preview-512", "ms, p99", quantile(times, 0.99), { most: 50 });
}

const batches = 100_000;

/** What the service's process grows by from a fifth of the batches on, when all caches are full, to the last one. */
async function memoryGrowth(ground: PairGround): Promise<Row> {
  const MiB = 2 ** 20;
  const rss = () => {
    globalThis.gc?.();
    return process.memoryUsage().rss / MiB;
  };
  const read = (steps: number, seed: number) => throughGrpc(ground, 128, steps, seed, 1);
  await read(batches / 5, 1);
  const before = rss();
  await read((4 * batches) / 5, 2);
  return row("crappify/memory-growth", `MiB over ${batches} batches`, rss() - before, { most: 32 });
}

/** Pairs a second. */
async function throughGrpc(
  ground: PairGround,
  tileSize: number,
  steps: number,
  round: number,
  size = batchSize,
): Promise<number> {
  const reader: ChildProcess = fork(new URL("./pair-reader.js", import.meta.url), { stdio: "inherit" });
  const order: ReaderOrder = {
    address: ground.address,
    token: await ground.token(),
    dataset: ground.datasetName(tileSize),
    batchSize: size,
    steps,
    seed: round,
  };
  reader.send(order);
  const [rate] = (await once(reader, "message")) as [number];
  await once(reader, "exit");
  return rate;
}

async function inProcess(
  ground: PairGround,
  pixels: PixelReader,
  tileSize: number,
  steps: number,
  round: number,
): Promise<number> {
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
  const watch = new StreamWatch(steps);
  for await (const pair of streams.open(ground.datasetKey(tileSize), "", spec, {})) {
    watch.at(pair.step);
    pair.release();
  }
  return watch.rate(batchSize);
}
