/**
 * The operation "prediction": has all regions of an image restored, describes the image when they are there, and makes it
 * visible once the operation's end is recorded. A try that goes on from another one's checkpoint writes into the same image,
 * so regions that have their shard are not restored again.
 */
import { operationName, PssrError } from "@pssr/api";
import {
  type Abortable,
  bringInLine,
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
import type { RegionBoard } from "../regions/region-board.js";
import { superviseRegions } from "../regions/supervise-regions.js";
import { type OutputImage, outputImageName, releaseOutput, reserveOutput } from "./output-image.js";
import { type PredictionRecord, predictionsKind, resourceStateOf } from "./prediction-record.js";
import { decodeSpec, type PredictionSpec } from "./prediction-spec.js";
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

  constructor(
    private readonly ports: Ports,
    private readonly board: RegionBoard,
    private readonly peers: Peers,
    private readonly settings: PredictionJobSettings,
  ) {
    this.concurrency = settings.concurrency;
    this.#records = new RecordTable(ports.state, predictionsKind);
  }

  async run(job: JobContext): Promise<JobResult> {
    const { record, signal } = job;
    const spec = decodeSpec(record.request);
    // The call that asked for it has kept the id; a twin of that call, failing, may have given it back.
    await reserveOutput(this.peers, outputOf(record, spec), { principal: record.principal, signal });
    const attempt = await attemptOfImage(job);
    const key = { project: record.project, operation: record.id, attempt };
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
      const ended: PredictionRecord = { ...toRecord(record, spec), state: "SUCCEEDED", clippedPixels: clipped };
      const keepAttempts = attempt === job.attempt ? [] : [attempt];
      return { value: toPredictionResult(resourceKey(record), ended), made: ended.outputImage, keepAttempts };
    } catch (error) {
      // At once, for whoever is at a region; what else is left goes when the operation's end is recorded.
      if (signal.reason instanceof JobAborted && signal.reason.because === "CANCELLED") {
        await this.board.withdraw(key, {});
      }
      throw error;
    }
  }

  async materialise(record: OperationRecord, { signal }: Abortable): Promise<void> {
    await bringInLine(this.#records, resourceKey(record), () => this.#inLine(record, { signal }), { signal });
    if (!isTerminal(record.state)) return;
    const { project, id: operation, attempt } = record;
    await this.board.clear({ project, operation, attempt }, { signal });
    if (record.state === "SUCCEEDED") return; // registered
    await releaseOutput(this.peers, outputOf(record, decodeSpec(record.request)), {
      principal: record.principal,
      signal,
    });
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
    const { name: outputImage, owner } = outputOf(record, spec);
    const request = toRegistration(resourceKey(record), spec, { outputImage, location, clippedPixels, owner });
    await this.peers.registerImage(request, { identity, signal });
    return { ...prediction, clippedPixels };
  }
}

/** In whose objects the image is: those of the first attempt that came to it, which the checkpoint names. */
async function attemptOfImage(job: JobContext): Promise<number> {
  const { checkpoint } = job.record;
  if (checkpoint !== undefined) return imageAttemptOf(checkpoint);
  await job.checkpoint({ imageAttempt: job.attempt, regions: 0 } satisfies ImageCheckpoint);
  return job.attempt;
}

type ImageCheckpoint = {
  imageAttempt: number;
  /** Regions done: says that there is progress; which ones, the verdicts say. */
  regions: number;
};

/** Throws RECORD_TOO_NEW for a checkpoint that is none of this release's. */
function imageAttemptOf(checkpoint: OperationRecord["checkpoint"]): number {
  const { imageAttempt } = (checkpoint ?? {}) as Partial<ImageCheckpoint>;
  if (typeof imageAttempt === "number" && Number.isSafeInteger(imageAttempt)) return imageAttempt;
  throw new PssrError(
    "RECORD_TOO_NEW",
    "the prediction's checkpoint names no attempt: another release wrote it; run that one, or predict again",
  );
}

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

function outputOf({ project, resource, id }: OperationRecord, spec: PredictionSpec): OutputImage {
  return {
    name: outputImageName(spec.asked.outputImage, project, resource),
    owner: operationName.format({ project, operation: id }),
  };
}

function toRecord(record: OperationRecord, spec: PredictionSpec): PredictionRecord {
  const { name: outputImage, owner: operation } = outputOf(record, spec);
  return {
    schemaVersion: 1,
    state: resourceStateOf(record.state),
    asked: spec.asked,
    image: spec.image.name,
    modelVersion: spec.model.name,
    outputImage,
    tileSize: spec.tileSize,
    operation,
    requestId: record.requestId,
    clippedPixels: 0,
    createMs: record.times.submittedMs,
  };
}
