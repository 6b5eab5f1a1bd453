/**
 * The work of a training operation: runs the training process, again from the last checkpoint when it dies, keeps its
 * checkpoints and its loss curve in the object store, and stores the model version's files. Everything lies under the
 * attempt's own prefix; nothing of it is a model until the operation is committed.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isPssrError, modelName, modelVersionName, Progress, PssrError, Training } from "@pssr/api";
import {
  JobAborted,
  type JobContext,
  type JobResult,
  type Keyring,
  type Logger,
  mintFor,
  type ObjectStore,
  typedMessage,
} from "@pssr/platform";
import type { FromProcess, PeerConnection } from "../process/messages.js";
import { makeScratchFolder } from "../process/scratch-folder.js";
import { runTrainingProcess } from "../process/training-process.js";
import { Checkpoints, storeFile } from "./checkpoints.js";
import { learningSpecOf } from "./learning-spec.js";
import { LossCurve } from "./loss-curve.js";
import { type ObservedProcess, observeProcess } from "./observe-process.js";
import { TrainingProgress } from "./training-progress.js";
import { finalCurveKey, type StoredCurve } from "./training-record.js";

export interface TrainingJobOptions {
  objects: ObjectStore;
  keyring: Keyring;
  log: Logger;
  crappify: PeerConnection;
  checkpointSeconds: number;
  validationTiles: number;
  /** Told where the loss curve so far is, whenever it has been stored. */
  storedCurve(record: JobContext["record"], curve: StoredCurve): Promise<void>;
}

/** Processes that may end without a word, one after the other without a checkpoint, before the training is given up. */
const MOST_CRASHES = 3;
/** Of what is said of a fault: progress is stored, and small. */
const MOST_WARNING_CHARACTERS = 500;
/** Share of a job's time to stop that its process gets: the checkpoint which that leaves must be stored in the rest. */
const PROCESS_SHARE_OF_STOP = 0.8;

export async function runTraining(job: JobContext, options: TrainingJobOptions): Promise<JobResult> {
  const scratch = await makeScratchFolder();
  try {
    return await new TrainingRun(job, options, scratch).run();
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

class TrainingRun {
  readonly #training: Training;
  readonly #job: JobContext;
  readonly #options: TrainingJobOptions;
  readonly #scratch: string;
  readonly #checkpoints: Checkpoints;
  /** Aborted when nothing of this attempt is wanted any more; a shutdown still wants the last checkpoint. */
  readonly #discarded = new AbortController();
  #losses = new LossCurve();
  #progress: TrainingProgress;
  #lastTold: Partial<Progress> = {};
  /** What pairs are waited for; "": nothing. */
  #warning = "";

  constructor(job: JobContext, options: TrainingJobOptions, scratch: string) {
    this.#job = job;
    this.#options = options;
    this.#scratch = scratch;
    this.#training = Training.decode(job.record.request.bytes);
    this.#checkpoints = new Checkpoints(job, options.objects, options.log);
    this.#progress = new TrainingProgress(this.#training);
    const discard = () => {
      if (!isShutdown(job.signal)) this.#discarded.abort(job.signal.reason);
    };
    job.signal.addEventListener("abort", discard, { once: true });
    if (job.signal.aborted) discard();
  }

  async run(): Promise<JobResult> {
    try {
      return await this.#runUntilDone();
    } catch (error) {
      await this.#keepLastLosses();
      throw error;
    }
  }

  async #runUntilDone(): Promise<JobResult> {
    for (let crashes = 0; ; ) {
      this.#warning = "";
      this.#tell({ phase: "starting" });
      const from = await this.#fetchCheckpoint();
      const before = this.#checkpoints.last;
      try {
        const facts = { fromStep: before?.step ?? 0, batchSize: this.#training.learning!.batchSize };
        return await observeProcess(facts, (observed) => this.#runProcess(from, observed));
      } catch (error) {
        if (!isPssrError(error, "WORKER_CRASHED") || this.#job.signal.aborted) throw error;
        crashes = this.#checkpoints.last === before ? crashes + 1 : 1;
        if (crashes === MOST_CRASHES) throw error;
        const step = this.#checkpoints.last?.step ?? 0;
        this.#options.log.warn({ err: error, step }, "the training process is started again from its last checkpoint");
      }
    }
  }

  /** The file in the scratch folder to go on from; undefined: from step 0. */
  async #fetchCheckpoint(): Promise<string | undefined> {
    const file = "checkpoint.safetensors";
    const losses = await this.#checkpoints.fetch(join(this.#scratch, file), { signal: this.#job.signal });
    this.#losses = losses ?? new LossCurve();
    this.#progress = new TrainingProgress(this.#training, this.#checkpoints.last);
    return losses === undefined ? undefined : file;
  }

  async #runProcess(checkpoint: string | undefined, observed: ObservedProcess): Promise<JobResult> {
    const { record, signal } = this.#job;
    const { crappify, keyring, checkpointSeconds, validationTiles } = this.#options;
    const messages = runTrainingProcess({
      spec: {
        learning: learningSpecOf(this.#training),
        training: Training.encode(this.#training).finish(),
        crappify,
        scratch: this.#scratch,
        checkpoint,
        validationTiles,
        checkpointSeconds,
        traceparent: observed.traceparent,
      },
      mint: () => mintFor(keyring, record.project, record.principal),
      signal,
      checkpointOnStop: () => isShutdown(signal),
      stopGraceMs: PROCESS_SHARE_OF_STOP * this.#job.stopGraceMs,
    });
    for await (const message of messages) {
      const result = await this.#receive(message, observed);
      if (result !== undefined) return result;
    }
    throw new PssrError("WORKER_CRASHED", "the training process ended without a result");
  }

  async #receive(message: FromProcess, observed: ObservedProcess): Promise<JobResult | undefined> {
    switch (message.kind) {
      case "step":
        observed.step(message);
        this.#losses.add(message.step, message.loss, message.learningRate);
        this.#tell(this.#progress.after(message));
        return undefined;
      case "waiting":
        this.#warn(message.problem);
        return undefined;
      case "validating":
        this.#tell({ phase: "validating", fraction: 1 });
        return undefined;
      case "checkpoint":
        await this.#keepCheckpoint(message, join(this.#scratch, message.file));
        observed.checkpoint(message.step);
        return undefined;
      case "finished":
        return await this.#keepVersion(message.step, message.elapsedSeconds, message.files);
      default:
        return undefined;
    }
  }

  #tell(progress: Partial<Progress>): void {
    this.#lastTold = progress;
    if (this.#job.signal.aborted) return; // the process is stopping; a last checkpoint may still come
    const told = Progress.fromPartial({ ...progress, warning: this.#warning });
    this.#job.progress(typedMessage("Progress", Progress.encode(told).finish()));
  }

  /** Says what is waited for, with the progress that there is; without a problem, that it is there again. */
  #warn(problem = ""): void {
    const { log } = this.#options;
    if (problem === "") log.info("the pairs of the training come again");
    else if (this.#warning === "") log.warn({ problem }, "the training waits for its pairs");
    this.#warning = Array.from(problem).slice(0, MOST_WARNING_CHARACTERS).join("");
    this.#tell(this.#lastTold);
  }

  async #keepCheckpoint(position: { step: number; elapsedSeconds: number }, path: string): Promise<void> {
    const { signal } = this.#discarded;
    const { step, elapsedSeconds } = position;
    const before = this.#checkpoints.last;
    const losses = await this.#checkpoints.keep({ step, elapsedSeconds }, path, this.#losses, { signal });
    await rm(path);
    if (losses === undefined) return;
    this.#progress.checkpointStep = step;
    await this.#options.storedCurve(this.#job.record, { key: losses, attempt: this.#job.attempt, step });
    if (before !== undefined) await this.#checkpoints.remove(before, { signal });
  }

  /** What was learned since the last checkpoint shows why a training failed, or was cancelled. */
  async #keepLastLosses(): Promise<void> {
    const { signal, record, attempt, objectPrefix } = this.#job;
    const step = this.#losses.lastStep;
    const because = signal.reason instanceof JobAborted ? signal.reason.because : undefined;
    if (because === "LEASE_LOST" || because === "SHUTTING_DOWN" || step <= (this.#checkpoints.last?.step ?? 0)) return;
    try {
      const key = `${objectPrefix}last-losses`;
      await this.#options.objects.put(key, this.#losses.toBytes());
      await this.#options.storedCurve(record, { key, attempt, step });
    } catch (err) {
      this.#options.log.warn({ err }, "the end of a loss curve could not be stored");
    }
  }

  async #keepVersion(step: number, elapsedSeconds: number, files: string[]): Promise<JobResult> {
    const { record, objectPrefix, signal } = this.#job;
    const { objects } = this.#options;
    this.#tell({ phase: "storing", fraction: 1 });
    for (const name of files) {
      await storeFile(objects, `${modelLocation(objectPrefix)}${name}`, join(this.#scratch, name), { signal });
    }
    await objects.put(finalCurveKey(objectPrefix), this.#losses.toBytes(), { signal });
    const { project, model } = modelName.parse(this.#training.model);
    const modelVersion = modelVersionName.format({ project, model, version: record.resource });
    const training: Training = {
      ...this.#training,
      modelVersion,
      steps: BigInt(step),
      trainingSeconds: elapsedSeconds,
    };
    return { value: typedMessage("Training", Training.encode(training).finish()), made: modelVersion };
  }
}

/** Where the files of the version that an attempt made are. */
export function modelLocation(attemptPrefix: string): string {
  return `${attemptPrefix}model/`;
}

function isShutdown(signal: AbortSignal): boolean {
  return signal.reason instanceof JobAborted && signal.reason.because === "SHUTTING_DOWN";
}
