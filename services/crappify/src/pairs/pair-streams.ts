/** Opens streams of pairs over datasets, and ends them when their dataset is deleted. */
import { setTimeout as sleep } from "node:timers/promises";
import { isPssrError, PssrError } from "@pssr/api";
import { checkFit, hasExternalSteps } from "@pssr/crappifiers";
import { bytesPerPixel } from "@pssr/imaging";
import type { Abortable, Logger, RecordKey } from "@pssr/platform";
import { type DatasetCatalogue, nameOfDataset } from "../datasets/dataset-catalogue.js";
import type { StoredDataset } from "../datasets/dataset-record.js";
import { TileIndex } from "../datasets/tile-index.js";
import { calibrationOf } from "../pixels/crappify-region.js";
import type { PixelReader } from "../pixels/pixel-reader.js";
import type { PairOrder } from "../pixels/pixel-tasks.js";
import { orderedPrefetch } from "./ordered-prefetch.js";
import { PairMemory } from "./pair-memory.js";
import type { Pair } from "./pair-parts.js";
import { type PairStreamSpec, type PlannedPair, planPairs } from "./pair-plan.js";

export interface PairStreamsOptions {
  datasets: DatasetCatalogue;
  pixels: PixelReader;
  /** Pairs made ahead for each stream, bytes. */
  prefetchBytes: number;
  log: Logger;
}

const watchPauseMs = 500;
/** Pairs that a thread makes as one task; a larger one is a task of its own. */
const maximumRunBytes = 256 * 1024;

export class PairStreams {
  readonly #options: PairStreamsOptions;
  readonly #open = new Map<string, Set<AbortController>>();

  constructor(options: PairStreamsOptions) {
    this.#options = options;
  }

  /**
   * The pairs of a stream. Fails with NOT_FOUND, DATASET_CHANGED where the digest is another, INVALID_FIELD where the scale does
   * not divide the tile, and DATASET_DELETED as soon as the dataset is gone.
   */
  async *open(key: RecordKey, digest: string, spec: PairStreamSpec, { signal }: Abortable): AsyncIterable<Pair> {
    const name = nameOfDataset(key);
    const deletion = new AbortController();
    const listeners = this.#open.get(name) ?? new Set();
    this.#open.set(name, listeners.add(deletion));
    try {
      const both = signal ? AbortSignal.any([signal, deletion.signal]) : deletion.signal;
      yield* this.#pairs(key, digest, spec, both);
    } catch (error) {
      // A deleted dataset's images may go before we hear of it.
      const isMissing =
        isPssrError(error, "OBJECT_CORRUPT") || (isPssrError(error, "NOT_FOUND") && error.field !== "dataset");
      if (isMissing && !(await this.#options.datasets.find(key, { signal }))) throw deleted(name);
      throw error;
    } finally {
      listeners.delete(deletion);
      if (listeners.size === 0) this.#open.delete(name);
    }
  }

  /** Listens for deletions until aborted. */
  async watch({ signal }: { signal: AbortSignal }): Promise<void> {
    const { datasets, log } = this.#options;
    while (!signal.aborted) {
      try {
        for await (const key of datasets.deletions({ signal })) {
          const name = nameOfDataset(key);
          for (const controller of this.#open.get(name) ?? []) controller.abort(deleted(name));
        }
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error }, "the watch of datasets broke off and begins again");
        await sleep(watchPauseMs, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
      }
    }
  }

  async *#pairs(key: RecordKey, digest: string, spec: PairStreamSpec, signal: AbortSignal): AsyncIterable<Pair> {
    const { datasets, pixels, prefetchBytes } = this.#options;
    const dataset = await datasets.get(key, { signal, field: "dataset" });
    checkRequest(nameOfDataset(key), dataset, digest, spec);
    const { images } = await datasets.readManifest(dataset, { signal });
    const tiles = new TileIndex(images, dataset, spec.split);
    const side = dataset.tileSize;
    const { scale } = spec.crappifier.sampling;
    const highBytes = side ** 2 * bytesPerPixel[dataset.dtype];
    const lowBytes = highBytes / scale ** 2;
    const pairBytes = highBytes + lowBytes;
    const runBytes = Math.min(maximumRunBytes, prefetchBytes / 2);
    // All threads work at a step. An external one takes its time: no pair waits for those after it.
    const perThread = Math.ceil(spec.batchSize / spec.shardCount / pixels.threads);
    const most = hasExternalSteps(spec.crappifier) ? 1 : perThread;
    const runLength = Math.max(1, Math.min(most, Math.floor(runBytes / pairBytes)));
    const memory = new PairMemory(runLength * pairBytes);
    const depth = Math.max(1, Math.min(Math.floor(prefetchBytes / (runLength * pairBytes)), 4 * pixels.parallelism));
    const orderOf = ({ place: { image, start }, orientation, gain, noise }: PlannedPair): PairOrder => ({
      location: image.location,
      start,
      shape: start.map((_, axis) => (axis < start.length - 2 ? 1 : side)),
      order: {
        crappifier: spec.crappifier,
        calibration: calibrationOf({ ...image, dtype: dataset.dtype }),
        key: { seed: spec.seed, image: image.digest, ...noise },
      },
      orientation,
      gain,
      degradeFirst: spec.fixedNoise,
    });
    const make = async (run: readonly PlannedPair[], options: { signal: AbortSignal }): Promise<Pair[]> => {
      const bytes = await pixels.pairs(run.map(orderOf), memory.take(), options);
      let unread = run.length;
      const release = () => {
        if (--unread === 0) memory.giveBack(bytes);
      };
      return run.map(({ place, step, index, pairsInStep }, n) => ({
        step,
        index,
        pairsInStep,
        isLastOfStep: index + spec.shardCount >= pairsInStep,
        dtype: dataset.dtype,
        levels: place.image.levels,
        high: { side, bytes: new Uint8Array(bytes, n * pairBytes, highBytes) },
        low: { side: side / scale, bytes: new Uint8Array(bytes, n * pairBytes + highBytes, lowBytes) },
        release,
      }));
    };
    for await (const run of orderedPrefetch(runsOf(planPairs(tiles, spec), runLength), depth, make, { signal })) {
      for (const pair of run) {
        signal.throwIfAborted();
        yield pair;
      }
    }
  }
}

/** Pairs of one step that follow each other, at most so many together. */
function* runsOf(pairs: Iterable<PlannedPair>, most: number): Iterable<PlannedPair[]> {
  let run: PlannedPair[] = [];
  for (const pair of pairs) {
    if (run.length === most || (run.length > 0 && run[0]!.step !== pair.step)) {
      yield run;
      run = [];
    }
    run.push(pair);
  }
  if (run.length > 0) yield run;
}

function checkRequest(name: string, dataset: StoredDataset, digest: string, spec: PairStreamSpec): void {
  if (digest !== "" && digest !== dataset.digest) {
    throw new PssrError(
      "DATASET_CHANGED",
      `dataset_digest: "${name}" has the digest ${dataset.digest}, not ${digest}; read it again with GetDataset`,
      {
        field: "dataset_digest",
        metadata: { digest: dataset.digest },
      },
    );
  }
  const { tileSize, pixelSizeNm } = dataset;
  checkFit(spec.crappifier, { height: tileSize, width: tileSize, pixelSizeNm }, "crappifier");
}

function deleted(name: string): PssrError {
  return new PssrError("DATASET_DELETED", `"${name}" was deleted while its pairs were streamed; use another dataset`, {
    field: "dataset",
  });
}
