/** Opens streams of pairs over datasets, and ends them when their dataset is deleted. */
import { setTimeout as sleep } from "node:timers/promises";
import { isPssrError, PssrError } from "@pssr/api";
import { checkFit } from "@pssr/crappifiers";
import { bytesPerPixel } from "@pssr/imaging";
import type { Abortable, Logger, RecordKey } from "@pssr/platform";
import { type DatasetCatalogue, nameOfDataset } from "../datasets/dataset-catalogue.js";
import type { StoredDataset } from "../datasets/dataset-record.js";
import { TileIndex } from "../datasets/tile-index.js";
import { calibrationOf } from "../pixels/crappify-region.js";
import type { PixelReader } from "../pixels/pixel-reader.js";
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
    const pairBytes = highBytes + highBytes / scale ** 2;
    const memory = new PairMemory(pairBytes);
    const depth = Math.max(1, Math.min(Math.floor(prefetchBytes / pairBytes), 4 * pixels.parallelism));
    const make = async (planned: PlannedPair, options: { signal: AbortSignal }): Promise<Pair> => {
      const { place, orientation, gain, noise, step, index, pairsInStep } = planned;
      const { image, start } = place;
      const shape = start.map((_, axis) => (axis < start.length - 2 ? 1 : side));
      const order = {
        crappifier: spec.crappifier,
        calibration: calibrationOf({ ...image, dtype: dataset.dtype }),
        key: { seed: spec.seed, image: image.digest, ...noise },
      };
      const turn = { orientation, gain, degradeFirst: spec.fixedNoise };
      const box = { location: image.location, start, shape };
      const bytes = await pixels.pair(box, order, turn, memory.take(), options);
      return {
        step,
        index,
        pairsInStep,
        isLastOfStep: index + spec.shardCount >= pairsInStep,
        dtype: dataset.dtype,
        levels: image.levels,
        low: { side: side / scale, bytes: new Uint8Array(bytes, highBytes) },
        high: { side, bytes: new Uint8Array(bytes, 0, highBytes) },
        release: () => memory.giveBack(bytes),
      };
    };
    yield* orderedPrefetch(planPairs(tiles, spec), depth, make, { signal });
  }
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
