/** Training batches out of crappify's pair stream: parts are put together, and a broken stream is opened again where it ended. */
import { setTimeout } from "node:timers/promises";
import {
  type CrappifyServiceClient,
  DataType,
  impatient,
  isPeerGone,
  isPssrError,
  type PixelBlock,
  PssrError,
  Split,
  type StreamPairsResponse,
  type Training,
} from "@pssr/api";
import type { Pixels, TrainingBatch } from "../learning/training-batch.js";

/** The pause before the stream is opened again is doubled from the first to the longest, while nothing comes. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

/** As long as work outlives an outage of the servers under it: what has been learned is worth the wait. */
const PATIENCE_MS = 600_000;

/** A stream says each second that it lives, however long its next pair takes: one that says nothing is dead, or overloaded. */
const SILENCE_MS = 120_000;

/** Bytes of pairs on their way: what comes in the few milliseconds in which either process, or the network, is busy. */
export const PAIRS_ON_THE_WAY = 2 ** 20;

export interface PairRequest {
  training: Training;
  split: Split;
  batchSize: number;
}

export interface PairStreamOptions {
  signal: AbortSignal;
  /** Told what keeps pairs from coming, again and again; without a problem when they come again. */
  waiting(problem?: string): void;
  /** Time without a word after which a stream is dead, and without a pair after which that is told. */
  silenceMs?: number;
  /** Time without a pair after which they are given up. */
  patienceMs?: number;
}

/**
 * Batches from `fromStep` on: of tiles to learn from without end, of tiles held back each once. Throws what crappify
 * answers: DATASET_DELETED, DATASET_CHANGED; UNAVAILABLE only after ten minutes without a batch, also where crappify itself
 * answers and the server of an external step is what is away, or after ten minutes in which a stream lives without a pair.
 */
export async function* streamBatches(
  crappify: CrappifyServiceClient,
  { training, split, batchSize }: PairRequest,
  fromStep: number,
  { signal, waiting, silenceMs = SILENCE_MS, patienceMs = PATIENCE_MS }: PairStreamOptions,
): AsyncGenerator<TrainingBatch> {
  const { dataset, datasetDigest, crappifier } = training;
  const { seed, noAugmentation, fixedNoise } = training.learning!;
  const intensityAugmentation = split === Split.SPLIT_TRAINING ? training.learning!.intensityAugmentation : 0;
  const endless = split === Split.SPLIT_TRAINING;
  const augment = endless && !noAugmentation;
  const request = {
    dataset,
    datasetDigest,
    crappifier,
    seed,
    augment,
    fixedNoise,
    intensityAugmentation,
    split,
    batchSize,
    steps: 0n,
  };
  let next = fromStep;
  let waits = false;
  const wait = (problem: string) => {
    waits = true;
    waiting(problem);
  };
  for (let pauseMs = FIRST_PAUSE_MS, lastMs = performance.now(); ; ) {
    try {
      const wanted = { ...request, fromStep: BigInt(next) };
      const responses = impatient((options) => crappify.streamPairs(wanted, options), silenceMs, { signal });
      const withPairs = bringingPairs(responses, { silenceMs, patienceMs, wait });
      for await (const { step, batch } of assemble(withPairs)) {
        if (step !== next) throw new PssrError("INTERNAL", `the stream of pairs gave step ${step} instead of ${next}`);
        next += 1;
        if (waits) waiting();
        waits = false;
        yield batch;
        pauseMs = FIRST_PAUSE_MS;
        lastMs = performance.now();
      }
      if (!endless) return;
      throw new PssrError("UNAVAILABLE", "the stream of pairs ended, though it has no end");
    } catch (error) {
      // Anything else that is missing is a fault, not a deletion.
      if (isPssrError(error, "NOT_FOUND") && error.field === "dataset") throw deleted(dataset, error);
      if (!isPeerGone(error) || signal.aborted || performance.now() - lastMs > patienceMs) throw error;
      wait((error as Error).message);
      await setTimeout(pauseMs, undefined, { signal });
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }
}

/** It was there when the training was created. */
function deleted(dataset: string, cause: unknown): PssrError {
  return new PssrError(
    "DATASET_DELETED",
    `${dataset} was deleted before the training had ended; train on another one`,
    {
      field: "training.dataset",
      cause,
    },
  );
}

/**
 * A stream that says that it lives, though it brings no pair, holds whoever reads it: that is told each time `silenceMs` have
 * gone by, and UNAVAILABLE after `patienceMs`. Each message is an occasion to look at the clock. Only waiting counts.
 */
async function* bringingPairs(
  responses: AsyncIterable<StreamPairsResponse>,
  { silenceMs, patienceMs, wait }: { silenceMs: number; patienceMs: number; wait(problem: string): void },
): AsyncGenerator<StreamPairsResponse> {
  let lastMs = performance.now();
  let tellMs = silenceMs;
  for await (const response of responses) {
    if (response.parts.length > 0) {
      yield response;
      lastMs = performance.now();
      tellMs = silenceMs;
      continue;
    }
    const waitedMs = performance.now() - lastMs;
    if (waitedMs < Math.min(tellMs, patienceMs)) continue;
    const problem = `no pair has come for ${Math.floor(waitedMs / 1000)} s, though crappify answers; is it, or the server of an external step, overloaded?`;
    if (waitedMs >= patienceMs) throw new PssrError("UNAVAILABLE", problem);
    tellMs = waitedMs + silenceMs;
    wait(problem);
  }
}

interface Pair {
  low: PixelBlock[];
  high: PixelBlock[];
  black: number;
  white: number;
}

/** Puts parts together into pairs and pairs into batches. A step whose pairs do not all come is an error of the peer. */
async function* assemble(
  responses: AsyncIterable<StreamPairsResponse>,
): AsyncGenerator<{ step: number; batch: TrainingBatch }> {
  let pairs: Pair[] = [];
  let pair: Pair | undefined;
  for await (const { parts } of responses) {
    for (const part of parts) {
      pair ??= { low: [], high: [], black: part.levels?.black ?? 0, white: part.levels?.white ?? 0 };
      if (part.low !== undefined) pair.low.push(part.low);
      if (part.high !== undefined) pair.high.push(part.high);
      if (!part.last) continue;
      pairs.push(pair);
      pair = undefined;
      if (pairs.length < part.pairsInStep) continue;
      yield { step: Number(part.step), batch: toBatch(pairs) };
      pairs = [];
    }
  }
  if (pairs.length > 0 || pair !== undefined)
    throw new PssrError("UNAVAILABLE", "the stream of pairs ended within a step");
}

function toBatch(pairs: Pair[]): TrainingBatch {
  const [height, width] = tileSize(pairs[0]!.low);
  return {
    samples: pairs.length,
    height,
    width,
    lr: gather(pairs.map((p) => p.low)),
    hr: gather(pairs.map((p) => p.high)),
    levels: Float32Array.from(pairs.flatMap((p) => [p.black, p.white])),
  };
}

/** Height and width of a tile that came in blocks of rows. */
function tileSize(blocks: PixelBlock[]): [number, number] {
  const width = Number(blocks[0]!.shape.at(-1));
  return [blocks.reduce((rows, block) => rows + Number(block.shape.at(-2)), 0), width];
}

function gather(tiles: PixelBlock[][]): Pixels {
  const blocks = tiles.flat();
  const bytes = new Uint8Array(blocks.reduce((sum, block) => sum + block.data.length, 0));
  let offset = 0;
  for (const { data } of blocks) {
    bytes.set(data, offset);
    offset += data.length;
  }
  switch (blocks[0]!.dataType) {
    case DataType.DATA_TYPE_UINT8:
      return bytes;
    case DataType.DATA_TYPE_UINT16:
      return new Uint16Array(bytes.buffer);
    case DataType.DATA_TYPE_FLOAT32:
      return new Float32Array(bytes.buffer);
    default:
      throw new PssrError("INTERNAL", `the stream of pairs has pixels of unknown type ${blocks[0]!.dataType}`);
  }
}
