/**
 * The operation "prediction": has all regions of an image restored, describes the image when they are there, and makes it
 * visible once the operation's end is recorded. A try that goes on from another one's checkpoint writes into the same image,
 * so regions that have their shard are not restored again.
 */
import { imageName, operationName } from "@pssr/api";
import {
  type Abortable,
  isTerminal,
  JobAborted,
  type JobContext,
  type JobKind,
  type JobResult,
  type OperationRecord,
  type Ports,
  type RecordKey,
  RecordTable,
  workerIdentity,
} from "@pssr/platform";
import { clippedPixelsOf, toPredictionResult, toProgress, toRegistration } from "../message.js";
import type { Peers } from "../peers.js";
import type { OrderKey, RegionBoard } from "../regions/region-board.js";
import { superviseRegions } from "../regions/supervise-regions.js";
import { type OutputName, OutputNames } from "./output-names.js";
import { type PredictionRecord, predictionsKind, resourceStateOf } from "./prediction-record.js";
import { decodeSpec, type PredictionSpec } from "./prediction-spec.js";
import { imageTaken } from "./resolve-prediction.js";
import { writeImageMetadata } from "./write-image-metadata.js";

export const predictionKind = "prediction";

export interface PredictionJobSettings {
  /** Predictions coordinated at once in this process. */
  concurrency: number;
  /** See `SuperviseOptions`. */
  window: number;
  patienceMs: number;
}

const checkpointEveryMs = 1000;

export class PredictionJob implements JobKind {
  readonly kind = predictionKind;
  readonly concurrency: number;
  readonly #records: RecordTable<PredictionRecord>;
  readonly #names: OutputNames;

  constructor(
    private readonly ports: Ports,
    private readonly board: RegionBoard,
    private readonly peers: Peers,
    private readonly settings: PredictionJobSettings,
  ) {
    this.concurrency = settings.concurrency;
    this.#records = new RecordTable(ports.state, predictionsKind);
    this.#names = new OutputNames(ports.state);
  }

  async run(job: JobContext): Promise<JobResult> {
    const { record, signal } = job;
    const spec = decodeSpec(record.request);
    const key = orderKeyOf(record);
    await this.#takeOutput(record, spec, { signal });
    const attempt = await attemptOfImage(job);
    const imagePrefix = imagePrefixOf(record, attempt);
    try {
      await this.board.place(key, { schemaVersion: 1, spec, imagePrefix }, { signal });
      const { clipped } = await superviseRegions(
        key,
        spec,
        { ...this.ports, board: this.board },
        {
          signal,
          window: this.settings.window,
          patienceMs: this.settings.patienceMs,
          onTiles: tellTiles(job),
          onRegion: checkpointNowAndThen(job, attempt),
        },
      );
      await writeImageMetadata(this.ports.objects, imagePrefix, spec, { signal });
      await this.#checkOutputFree(record, spec, { signal });
      const ended: PredictionRecord = { ...toRecord(record, spec), state: "SUCCEEDED", clippedPixels: clipped };
      const keepAttempts = attempt === job.attempt ? [] : [attempt];
      return { value: toPredictionResult(resourceKey(record), ended), keepAttempts };
    } catch (error) {
      // At once, for whoever is at a region; what else is left goes when the operation's end is recorded.
      if (signal.reason instanceof JobAborted && signal.reason.because === "CANCELLED") {
        await this.board.withdraw(key, {});
      }
      throw error;
    }
  }

  async materialise(record: OperationRecord, { signal }: Abortable): Promise<void> {
    const key = resourceKey(record);
    const present = await this.#records.get(key, { signal });
    if (present === undefined || present.record.state === "ACTIVE") {
      const prediction = await this.#inLine(record, { signal });
      if (present?.record.state !== prediction.state) {
        await this.#records.put(key, prediction, present?.revision ?? 0n, { signal });
      }
    }
    if (!isTerminal(record.state)) return;
    await this.board.clear(orderKeyOf(record), { signal });
    await this.#names.release(outputNameOf(record, decodeSpec(record.request)), record.id, { signal });
  }

  async exists(project: string, resource: string, options: Abortable): Promise<boolean> {
    return (await this.#records.get({ project, id: resource }, options)) !== undefined;
  }

  /** The resource that follows from an operation's record. The image is registered before anything says that it exists. */
  async #inLine(record: OperationRecord, { signal }: Abortable): Promise<PredictionRecord> {
    const spec = decodeSpec(record.request);
    const prediction = toRecord(record, spec);
    if (record.state !== "SUCCEEDED" || record.result === undefined) return prediction;
    const { value, keepAttempts, attempt } = record.result;
    const clippedPixels = clippedPixelsOf(value);
    const location = imagePrefixOf(record, keepAttempts[0] ?? attempt);
    const identity = workerIdentity(record.project, record.principal);
    const { outputImage } = prediction;
    const request = toRegistration(resourceKey(record), spec, { outputImage, location, clippedPixels });
    await this.peers.registerImage(request, { identity, signal });
    return { ...prediction, clippedPixels };
  }

  async #takeOutput(record: OperationRecord, spec: PredictionSpec, options: Abortable): Promise<void> {
    const taken = await this.#names.take(outputNameOf(record, spec), record.id, options);
    if (!taken) throw imageTaken(outputImageOf(record, spec));
  }

  /** An upload may have got the name while we worked; then it ends here, before it counts as done. */
  async #checkOutputFree(record: OperationRecord, spec: PredictionSpec, { signal }: Abortable): Promise<void> {
    const name = outputImageOf(record, spec);
    const identity = workerIdentity(record.project, record.principal);
    if (await this.peers.imageExists(name, { identity, signal })) throw imageTaken(name);
  }
}

/** In whose objects the image is: those of the first attempt that came to it, which the checkpoint names. */
async function attemptOfImage(job: JobContext): Promise<number> {
  const { checkpoint } = job.record;
  if (checkpoint !== undefined) return (checkpoint as unknown as ImageCheckpoint).imageAttempt;
  await job.checkpoint({ imageAttempt: job.attempt, regions: 0 } satisfies ImageCheckpoint);
  return job.attempt;
}

type ImageCheckpoint = {
  imageAttempt: number;
  /** Regions done: says that there is progress; which ones, the verdicts say. */
  regions: number;
};

function checkpointNowAndThen(job: JobContext, imageAttempt: number): (regions: number) => Promise<void> {
  let lastMs = performance.now();
  return async (regions) => {
    if (performance.now() - lastMs < checkpointEveryMs) return;
    lastMs = performance.now();
    await job.checkpoint({ imageAttempt, regions } satisfies ImageCheckpoint);
  };
}

/** Progress by tiles; the rate of this attempt tells the time to the end. */
function tellTiles(job: JobContext): (done: number, total: number) => void {
  let first: { atMs: number; done: number } | undefined;
  return (done, total) => {
    const nowMs = performance.now();
    first ??= { atMs: nowMs, done };
    const rate = (done - first.done) / (nowMs - first.atMs);
    const remainingMs = rate > 0 ? (total - done) / rate : undefined;
    if (!job.signal.aborted) job.progress(toProgress({ phase: "restoring", done, total, unit: "tiles", remainingMs }));
  };
}

function imagePrefixOf({ project, id }: OperationRecord, attempt: number): string {
  return `operations/${project}/${id}/${attempt}/image.zarr/`;
}

function resourceKey({ project, resource }: OperationRecord): RecordKey {
  return { project, id: resource };
}

function orderKeyOf({ project, id }: OperationRecord): OrderKey {
  return { project, operation: id };
}

function outputImageOf({ project, resource }: OperationRecord, spec: PredictionSpec): string {
  return spec.asked.outputImage || imageName.format({ project, image: resource });
}

function outputNameOf(record: OperationRecord, spec: PredictionSpec): OutputName {
  return imageName.parse(outputImageOf(record, spec));
}

function toRecord(record: OperationRecord, spec: PredictionSpec): PredictionRecord {
  return {
    schemaVersion: 1,
    state: resourceStateOf(record.state),
    asked: spec.asked,
    image: spec.image.name,
    modelVersion: spec.model.name,
    outputImage: outputImageOf(record, spec),
    tileSize: spec.tileSize,
    operation: operationName.format({ project: record.project, operation: record.id }),
    requestId: record.requestId,
    clippedPixels: 0,
    createMs: record.times.submittedMs,
  };
}
