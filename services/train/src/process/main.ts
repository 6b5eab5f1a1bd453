/**
 * The body of a training process: pairs come in over gRPC on this thread, TensorFlow blocks another, and what comes of it
 * goes to files in the scratch folder and to the service as messages. It ends with the service, however that ends.
 */
import { rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type CrappifyServiceClient, CrappifyServiceDefinition, isPssrError, Split, Training } from "@pssr/api";
import { createNetwork, packModelVersion } from "@pssr/networks";
import { connectService, parseTraceparent, runInScope } from "@pssr/platform";
import { startTraining } from "../learning/trainer-thread.js";
import type { TrainingBatch } from "../learning/training-batch.js";
import type { FinishedEvent, TrainingEvent, ValidationEvent } from "../learning/training-events.js";
import type { FromProcess, ProcessSpec, Report, ToProcess } from "./messages.js";
import { PAIRS_ON_THE_WAY, streamBatches } from "./pair-stream.js";
import { previewPicture } from "./preview-picture.js";

/** A token lives five minutes and is needed only when a stream is opened. */
const TOKEN_USE_MS = 120_000;
const release = createRequire(import.meta.url)("../../package.json") as { version: string };

const stopped = new AbortController();
const tokens = new Map<number, (token: string) => void>();
let lastTokenId = 0;
let lastToken: { token: Promise<string>; at: number } | undefined;
let checkpointNow: () => void = () => undefined;
/** The last word is on its way: the files it tells of are the service's now. */
let saidAll = false;

// The service decides when to stop: a terminal, or a supervisor, signals both.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
process.on("message", (message: ToProcess) => {
  if (message.kind === "token") {
    tokens.get(message.id)?.(message.token);
    tokens.delete(message.id);
  } else if (message.kind === "stop") {
    checkpointNow();
    stopped.abort();
  } else {
    process.on("disconnect", () => endWithService(message.spec.scratch));
    const trace = parseTraceparent(message.spec.traceparent);
    void runInScope(trace === undefined ? {} : { trace }, () => run(message.spec));
  }
});

/** The service is gone and cannot clean up; at once, for a step of the native library may take long. */
function endWithService(scratch: string): void {
  if (!saidAll) rmSync(scratch, { recursive: true, force: true });
  process.kill(process.pid, "SIGKILL");
}

async function run(spec: ProcessSpec): Promise<void> {
  try {
    await train(spec);
  } catch (error) {
    const known = isPssrError(error) ? error : undefined;
    await say({
      kind: "failed",
      reason: known?.reason ?? "INTERNAL",
      message: known?.message ?? (error instanceof Error ? (error.stack ?? error.message) : String(error)),
      field: known?.field,
      metadata: { ...known?.metadata },
    });
  }
  saidAll = true;
  process.disconnect();
}

async function train(spec: ProcessSpec): Promise<void> {
  const training = Training.decode(spec.training);
  const connection = connectService(spec.crappify.address, {
    ...spec.crappify,
    peer: "crappify",
    token: currentToken,
    streamWindow: PAIRS_ON_THE_WAY,
  });
  const crappify = connection.client(CrappifyServiceDefinition);
  const { signal } = stopped;
  try {
    const validation = await heldBack(crappify, training, spec.validationTiles);
    const learning = { training, split: Split.SPLIT_TRAINING, batchSize: training.learning!.batchSize };
    await using session = startTraining({
      learning: spec.learning,
      batches: (fromStep, options) => streamBatches(crappify, learning, fromStep, { ...options, waiting }),
      ...(spec.checkpoint === undefined ? {} : { checkpoint: await readFile(join(spec.scratch, spec.checkpoint)) }),
      validation,
      checkpointEverySeconds: spec.checkpointSeconds,
      // Once, at the end: the report is what counts, and the time belongs to learning.
      validateEverySeconds: Number.POSITIVE_INFINITY,
      signal,
    });
    checkpointNow = () => session.checkpointNow();
    await follow(session.events, spec, training);
  } finally {
    connection.close();
  }
}

/** Tiles to measure on, one a batch, so that their number is exact. */
async function heldBack(crappify: CrappifyServiceClient, training: Training, tiles: number): Promise<TrainingBatch[]> {
  const batches: TrainingBatch[] = [];
  const request = { training, split: Split.SPLIT_VALIDATION, batchSize: 1 };
  for await (const batch of streamBatches(crappify, request, 0, { signal: stopped.signal, waiting })) {
    batches.push(batch);
    if (batches.length === tiles) break;
  }
  return batches;
}

function waiting(problem?: string): void {
  void say({ kind: "waiting", ...(problem !== undefined && { problem }) });
}

async function follow(events: AsyncIterable<TrainingEvent>, spec: ProcessSpec, training: Training): Promise<void> {
  let quality: ValidationEvent | undefined;
  for await (const event of events) {
    switch (event.kind) {
      case "progress": {
        const { step, loss, learningRate, progress, samplesPerSecond, elapsedSeconds, waitSeconds } = event;
        await say({ kind: "step", step, loss, learningRate, progress, samplesPerSecond, elapsedSeconds, waitSeconds });
        if (progress >= 1) await say({ kind: "validating" });
        break;
      }
      case "checkpoint": {
        const file = `checkpoint-${event.step}.safetensors`;
        await writeFile(join(spec.scratch, file), event.bytes);
        await say({ kind: "checkpoint", step: event.step, elapsedSeconds: event.elapsedSeconds, file });
        break;
      }
      case "validation":
        quality = event;
        break;
      case "finished": {
        const { step, elapsedSeconds } = event;
        const files = await writeVersion(spec, training, event, quality);
        await say({ kind: "finished", step, elapsedSeconds, files });
      }
    }
  }
}

/** Writes the model version's files to the scratch folder, the manifest last, and gives their names in that order. */
async function writeVersion(
  spec: ProcessSpec,
  training: Training,
  end: FinishedEvent,
  quality: ValidationEvent | undefined,
): Promise<string[]> {
  const report: Report | null =
    quality === undefined
      ? null
      : {
          schemaVersion: 1,
          tiles: quality.tiles,
          model: quality.restored,
          bilinear: quality.bilinear,
          steps: end.step,
          trainingSeconds: end.elapsedSeconds,
        };
  const json = Training.toJSON(training) as { crappifier: Record<string, unknown> };
  const files = packModelVersion({
    network: createNetwork(spec.learning.network),
    weights: end.weights,
    report,
    preview: quality && previewPicture(quality.example),
    intensity: { kind: "LEVELS", black: 0, white: 1 },
    training: json,
    datasets: [{ name: training.dataset, digest: training.datasetDigest }],
    crappifier: json.crappifier,
    createdBy: `pssr ${release.version}`,
    createTime: new Date().toISOString(),
  });
  for (const [name, bytes] of files) await writeFile(join(spec.scratch, name), bytes);
  return [...files.keys()];
}

function currentToken(): Promise<string> {
  const now = performance.now();
  if (lastToken === undefined || now - lastToken.at > TOKEN_USE_MS) {
    lastTokenId += 1;
    const id = lastTokenId;
    lastToken = { at: now, token: new Promise((resolve) => tokens.set(id, resolve)) };
    void say({ kind: "token", id });
  }
  return lastToken.token;
}

/** Resolves when the message is on its way. That does not wait for the reader: news are few and small (see child-inbox.ts). */
function say(message: FromProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send!(message, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}
