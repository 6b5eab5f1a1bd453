/** The main job in small on a cluster of real processes, for tests that break parts of it: what is asked for, and what came of it. */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Image, type Operation, OperationMetadata, Prediction, Training } from "@pssr/api";
import { connect, finish, type PssrClient, uploadFile, watchOperation } from "@pssr/client";
import { decodeImage, encodePng } from "@pssr/imaging";
import { LocalCluster, type LocalClusterOptions, type ServerProcess } from "@pssr/local-servers";
import { loadConfig, NatsConnection, natsSettings, S3ObjectStore, s3Settings } from "@pssr/platform";
import { crappifierOf } from "../../dist/commands/crappifier-options.js";
import { root, temporaryFolder } from "../pssr.js";
import { childrenOf } from "./processes.js";

export const parent = "projects/default";
export const trainingSteps = 40;
const slice = join(root, "examples/em-fibsem/train/iso.03546.png");
const limits = { maxPixels: 2 ** 24, maxBytes: 2 ** 24 };
/** Restored it has four regions, so that several predictors have something to do. */
const scanSide = 640;
const jobsLeftMs = 60_000;

/** Somewhere to have work done. */
export interface Door {
  readonly client: PssrClient;
}

export interface TestCluster extends Door {
  readonly cluster: LocalCluster;
  /** For files of the test. */
  readonly folder: string;
  /** Keys of all objects under a prefix, as the S3 server has them. */
  objectKeys(prefix: string): Promise<string[]>;
  /**
   * Messages in the queues by stream, as the NATS server has them, once there are none or after a minute: a message whose
   * work ended in an outage leaves only when a worker meets it again. Empty queues are left out.
   */
  jobsLeft(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

export async function startCluster(options: Omit<LocalClusterOptions, "directory">): Promise<TestCluster> {
  const folder = await temporaryFolder();
  try {
    const settings = { PSSR_CHECKPOINT_INTERVAL: "1s", PSSR_LOG_LEVEL: "debug", ...options.settings };
    const cluster = await LocalCluster.start({ ...options, directory: folder.path, settings });
    const client = connect(cluster.address);
    const env = { ...cluster.environment, PSSR_S3_ENDPOINT: cluster.s3.endpoint, PSSR_NATS_URL: cluster.nats.url };
    const config = loadConfig({ ...s3Settings, ...natsSettings }, { argv: [], env });
    const objects = await S3ObjectStore.open(config);
    const nats = await NatsConnection.open({ ...config, natsUrl: [cluster.nats.url] }, { report: () => undefined });
    return {
      cluster,
      client,
      folder: folder.path,
      async objectKeys(prefix) {
        const keys: string[] = [];
        for await (const { key } of objects.list(prefix)) keys.push(key);
        return keys;
      },
      async jobsLeft() {
        const giveUpAt = performance.now() + jobsLeftMs;
        for (;;) {
          const waiting = await jobsWaiting(nats);
          if (Object.keys(waiting).length === 0 || performance.now() > giveUpAt) return waiting;
          await sleep(200);
        }
      },
      async stop() {
        client.close();
        objects.close();
        await nats.close();
        await cluster.stop();
        if (process.env.PSSR_TEST_KEEP === undefined) await folder.remove();
        else process.stderr.write(`kept ${folder.path}\n`);
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function jobsWaiting({ manager }: NatsConnection): Promise<Record<string, number>> {
  const waiting: Record<string, number> = {};
  for await (const { config, state } of manager.streams.list()) {
    if (config.name.includes("_jobs_") && state.messages > 0) waiting[config.name] = state.messages;
  }
  return waiting;
}

/** An image to learn from and its dataset. */
export async function prepareTraining({ client }: Door): Promise<void> {
  await importFile(client, slice, "slice");
  await client.datasets.createDataset({
    parent,
    datasetId: "em",
    dataset: { images: [`${parent}/images/slice`], tileSize: 64 },
  });
}

/** A model, and a large scan to restore with it. */
export async function preparePrediction(test: TestCluster): Promise<void> {
  await prepareTraining(test);
  await finish(test.client, await startTraining(test, "model", 2), Training);
  const small = (await decodeImage(await readFile(slice), limits)).pixels;
  assert.ok(small.dtype === "uint8");
  const [, width] = small.shape as [number, number];
  const data = new Uint8Array(scanSide * scanSide);
  for (let y = 0; y < scanSide; y++) {
    for (let x = 0; x < scanSide; x++) data[y * scanSide + x] = small.data[(y % 512) * width + (x % 512)]!;
  }
  const file = join(test.folder, "scan.png");
  await writeFile(file, encodePng({ dtype: "uint8", axes: small.axes, shape: [scanSide, scanSide], data }));
  await importFile(test.client, file, "scan");
}

async function importFile(client: PssrClient, file: string, imageId: string): Promise<void> {
  const upload = await uploadFile(client, file, { parent, requestKey: imageId });
  const image = { levels: { black: 0, white: 255 }, pixelSizeNm: 10 };
  await finish(client, await client.images.createImage({ parent, imageId, upload: upload.name, image }), Image);
}

export async function startTraining({ client }: Door, id: string, steps = trainingSteps): Promise<Operation> {
  return client.trainings.createTraining({
    parent,
    trainingId: id,
    requestId: `training ${id}`,
    training: {
      dataset: `${parent}/datasets/em`,
      model: `${parent}/models/${id}`,
      crappifier: crappifierOf({ scale: 4, poisson: 1 }),
      learning: { budget: { $case: "maxSteps", value: BigInt(steps) }, batchSize: 8 },
    },
  });
}

export async function startPrediction({ client }: Door, id: string): Promise<Operation> {
  return client.predictions.createPrediction({
    parent,
    predictionId: id,
    requestId: `prediction ${id}`,
    prediction: {
      image: `${parent}/images/scan`,
      modelVersion: `${parent}/models/model/versions/latest`,
      outputImage: `${parent}/images/${id}`,
    },
  });
}

/** What does not depend on when and by whom it was done. */
export async function trained({ client }: Door, operation: Operation) {
  const training = await finish(client, operation, Training);
  const { points } = await client.trainings.readLossCurve({ name: training.name });
  const version = await client.models.getModelVersion({ name: training.modelVersion });
  const weights = version.files.find(({ filename }) => filename.endsWith(".safetensors"));
  assert.ok(weights !== undefined, "a model version has weights");
  const { models } = await client.models.listModels({ parent, pageSize: 1000 });
  const { versions } = await client.models.listModelVersions({ parent: training.model });
  return {
    steps: points.map(({ step }) => Number(step)),
    losses: points.map(({ loss }) => loss),
    weights: weights.sha256,
    models: models.filter(({ name }) => name === training.model).length,
    versions: versions.length,
  };
}

/** Digest of the restored pixels. */
export async function restored({ client }: Door, operation: Operation): Promise<string> {
  const { outputImage } = await finish(client, operation, Prediction);
  return (await client.images.getImage({ name: outputImage })).digest;
}

export interface Learned {
  attempt: number;
  step: number;
  /** Of the last checkpoint, 0 before the first. */
  checkpointStep: number;
}

/** The number of the attempt that runs, or ran last. */
export async function attemptOf({ client }: Door, { name }: Operation): Promise<number> {
  const { metadata } = await client.operations.getOperation({ name });
  return OperationMetadata.decode(metadata?.value ?? new Uint8Array()).attempt;
}

/** How far a training is, as soon as that is `enough`. */
export async function untilTraining(
  { client }: Door,
  operation: Operation,
  enough: (seen: Learned) => boolean,
): Promise<Learned> {
  for await (const { metadata } of watchOperation(client, operation.name)) {
    const { details, done } = metadata.progress ?? {};
    if (details?.$case !== "training") continue;
    const { attempt } = metadata;
    const seen = { attempt, step: Number(done), checkpointStep: Number(details.value.checkpointStep) };
    if (enough(seen)) return seen;
  }
  throw new Error(`${operation.name} ended before it was so far`);
}

/** Waits until an operation is so far: tiles or steps done. */
export async function untilDone({ client }: Door, operation: Operation, done: number): Promise<number> {
  for await (const { metadata } of watchOperation(client, operation.name)) {
    if (Number(metadata.progress?.done ?? 0n) >= done) return metadata.attempt;
  }
  throw new Error(`${operation.name} ended before it had done ${done}`);
}

/** The service process whose child computes a training now. */
export async function trainerAtWork({ cluster }: TestCluster): Promise<ServerProcess> {
  for (const trainer of cluster.services.train) {
    if ((await childrenOf(trainer.pid)).length > 0) return trainer;
  }
  throw new Error("no trainer is at work");
}

export async function openFiles(pid: number | undefined): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}
