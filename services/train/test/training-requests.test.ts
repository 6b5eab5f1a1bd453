import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type CreateTrainingRequest, LearningSpec, type Sampling_Kernel, Training, Training_State } from "@pssr/api";
import { checkNativeLibrary, nativePackage } from "../dist/trainings/native-library.js";
import { parent } from "./installation.js";
import { datasetNamed } from "./peer/pair-server.js";
import { refusal, smallTraining, workplace } from "./workplace.js";

/** Takes trainings in, and works on none. */
const idle = { trainConcurrency: 0 };

const create = (trainingId: string, training = smallTraining(10), requestId = "") => ({
  parent,
  trainingId,
  training,
  requestId,
});

test("everything that a caller leaves out is pinned as a number", async (context) => {
  const { trainings } = await (await workplace(context)).open(idle);
  const operation = await trainings.createTraining(create("plain", Training.fromPartial({ dataset: datasetNamed })));
  assert.equal(operation.name, `${parent}/operations/training-plain`);
  const training = await trainings.getTraining({ name: `${parent}/trainings/plain` });
  assert.equal(training.state, Training_State.STATE_ACTIVE);
  assert.equal(training.operation, operation.name);
  assert.equal(training.datasetDigest, "d".repeat(64));
  assert.equal(training.model, `${parent}/models/plain`);
  assert.ok(Date.now() - training.createTime!.getTime() < 60_000);
  assert.equal(training.crappifier?.sampling?.scale, 4);
  assert.deepEqual(training.crappifier?.detector, [
    { kind: { $case: "poisson", value: { mix: { value: 1, spread: 0 } } } },
  ]);
  const { width, blocks, depth } = training.network!.family!.value;
  assert.ok(width >= 8 && blocks >= 1 && depth !== undefined);
  const { budget, batchSize, learningRate, weightDecay, structureWeight } = training.learning!;
  assert.deepEqual(budget, { $case: "maxDuration", value: { seconds: 600n, nanos: 0 } });
  assert.ok(batchSize > 0 && learningRate > 0 && weightDecay !== undefined && structureWeight !== undefined);
});

const blur = (sigma: number) => ({ kind: { $case: "gaussianBlur" as const, value: { sigma: { value: sigma } } } });

test("a crappifier's steps are completed to numbers", async (context) => {
  const { trainings } = await (await workplace(context)).open(idle);
  const gaussian = { kind: { $case: "gaussian" as const, value: { sigma: { value: 3, spread: 1 } } } };
  const crappifier = { sampling: { scale: 2 }, detector: [gaussian] };
  await trainings.createTraining(create("noisy", smallTraining(10, { crappifier })));
  const training = await trainings.getTraining({ name: `${parent}/trainings/noisy` });
  const [step] = training.crappifier!.detector;
  assert.equal(training.crappifier?.sampling?.scale, 2);
  assert.ok(step?.kind?.$case === "gaussian");
  assert.deepEqual(step.kind.value, { mean: { value: 0, spread: 0 }, sigma: { value: 3, spread: 1 } });
});

const invalid: [field: string, request: Partial<CreateTrainingRequest>][] = [
  ["parent", { parent: `${parent}/trainings/a` }],
  ["training", { training: undefined }],
  ["training_id", { trainingId: "Not An Id" }],
  ["training_id", { trainingId: "latest" }],
  ["training.dataset", { training: smallTraining(1, { dataset: `${parent}/images/stripes` }) }],
  ["training.dataset", { training: smallTraining(1, { dataset: "" }) }],
  ["training.model", { training: smallTraining(1, { model: `${parent}/models/Not An Id` }) }],
  ["training.crappifier.sampling.scale", { training: smallTraining(1, { crappifier: { sampling: { scale: 17 } } }) }],
  ["training.crappifier.sampling.scale", { training: smallTraining(1, { crappifier: { sampling: { scale: 3 } } }) }],
  ["training.crappifier.detector[0].sigma", { training: smallTraining(1, { crappifier: { detector: [blur(40)] } }) }],
  [
    "training.crappifier.sampling.kernel",
    { training: smallTraining(1, { crappifier: { sampling: { kernel: 9 as Sampling_Kernel } } }) },
  ],
  ["training.crappifier.detector[0]", { training: smallTraining(1, { crappifier: { detector: [{}] } }) }],
  [
    "training.crappifier.detector[0].mix.value",
    {
      training: smallTraining(1, {
        crappifier: { detector: [{ kind: { $case: "poisson", value: { mix: { value: -1 } } } }] },
      }),
    },
  ],
  [
    "training.learning.intensity_augmentation",
    { training: smallTraining(1, { learning: { intensityAugmentation: 0.95 } }) },
  ],
  ["training.network.compact.width", { training: withNetwork({ width: 4 }) }],
  ["training.network.compact.blocks", { training: withNetwork({ blocks: 17 }) }],
  ["training.network.compact.depth", { training: withNetwork({ depth: -1 }) }],
  // Tiles of 8 low-resolution pixels do not halve four times.
  ["training.network.compact.depth", { training: withNetwork({ depth: 4 }) }],
  ["training.learning.max_steps", { training: withLearning({ budget: { $case: "maxSteps", value: 0n } }) }],
  ["training.learning.max_duration", { training: withLearning({ budget: { $case: "maxDuration", value: {} } }) }],
  ["training.learning.batch_size", { training: withLearning({ batchSize: -1 }) }],
  ["training.learning.batch_size", { training: withLearning({ batchSize: 257 }) }],
  ["training.learning.learning_rate", { training: withLearning({ learningRate: Number.NaN }) }],
  ["training.learning.learning_rate", { training: withLearning({ learningRate: 0.2 }) }],
  ["training.learning.weight_decay", { training: withLearning({ weightDecay: 2 }) }],
  ["training.learning.structure_weight", { training: withLearning({ structureWeight: -0.1 }) }],
];

function withNetwork(value: { width?: number; blocks?: number; depth?: number }): Training {
  return smallTraining(1, { network: { family: { $case: "compact", value } } });
}

function withLearning(change: Parameters<typeof LearningSpec.fromPartial>[0]): Training {
  return smallTraining(1, { learning: LearningSpec.fromPartial({ ...smallTraining(1).learning, ...change }) });
}

test("a request that makes no sense is refused with the field's path, and leaves nothing", async (context) => {
  const { trainings } = await (await workplace(context)).open(idle);
  for (const [field, change] of invalid) {
    await assert.rejects(
      trainings.createTraining({ ...create("bad"), ...change }),
      refusal("INVALID_FIELD", field),
      field,
    );
  }
  assert.deepEqual((await trainings.listTrainings({ parent })).trainings, []);
});

test("a dataset that is not there is named by the request's own field", async (context) => {
  const { trainings } = await (await workplace(context)).open(idle);
  const training = smallTraining(1, { dataset: `${parent}/datasets/none` });
  await assert.rejects(trainings.createTraining(create("one", training)), refusal("NOT_FOUND", "training.dataset"));
});

test("projects are kept apart", async (context) => {
  const { trainings } = await (await workplace(context)).open(idle);
  const elsewhere = "projects/other";
  await assert.rejects(trainings.createTraining({ ...create("one"), parent: elsewhere }), refusal("NOT_FOUND"));
  const dataset = `${elsewhere}/datasets/stripes`;
  await assert.rejects(trainings.createTraining(create("one", smallTraining(1, { dataset }))), refusal("NOT_FOUND"));
  const model = `${elsewhere}/models/mine`;
  await assert.rejects(trainings.createTraining(create("one", smallTraining(1, { model }))), refusal("NOT_FOUND"));
});

test("an id is given once; its own request, repeated, finds the same operation though the dataset is gone", async (context) => {
  const { pairs, open } = await workplace(context);
  const { trainings } = await open(idle);
  const first = await trainings.createTraining(create("one", smallTraining(10), "click"));
  assert.equal((await trainings.createTraining(create("one", smallTraining(10), "click"))).name, first.name);
  await assert.rejects(trainings.createTraining(create("one")), refusal("ALREADY_EXISTS"));
  await assert.rejects(trainings.createTraining(create("one", smallTraining(10), "other")), refusal("ALREADY_EXISTS"));
  await assert.rejects(trainings.createTraining(create("one", smallTraining(11), "click")), refusal("ALREADY_EXISTS"));
  const renamed = trainings.createTraining(create("another", smallTraining(10), "click"));
  await assert.rejects(renamed, refusal("ALREADY_EXISTS", "request_id"));
  const [a, b] = await Promise.all([1, 2].map(() => trainings.createTraining(create("", smallTraining(10), "twice"))));
  assert.equal(a!.name, b!.name);

  pairs.deleteDataset();
  await assert.rejects(trainings.createTraining(create("two")), refusal("NOT_FOUND"));
  assert.equal((await trainings.createTraining(create("one", smallTraining(10), "click"))).name, first.name);
  assert.equal((await trainings.createTraining(create("", smallTraining(10), "twice"))).name, a!.name);
});

test("trainings are listed page by page", async (context) => {
  const { trainings } = await (await workplace(context)).open(idle);
  for (const id of ["c", "a", "b"]) await trainings.createTraining(create(id));
  const first = await trainings.listTrainings({ parent, pageSize: 2 });
  const second = await trainings.listTrainings({ parent, pageSize: 2, pageToken: first.nextPageToken });
  const names = [...first.trainings, ...second.trainings].map(({ name }) => name);
  assert.deepEqual(names, [`${parent}/trainings/a`, `${parent}/trainings/b`, `${parent}/trainings/c`]);
  assert.equal(second.nextPageToken, "");
  await assert.rejects(trainings.listTrainings({ parent, pageToken: "x" }), refusal("INVALID_FIELD", "page_token"));
  await assert.rejects(trainings.getTraining({ name: `${parent}/trainings/d` }), refusal("NOT_FOUND"));
});

test("a queued training is cancelled at once, and has an empty loss curve", async (context) => {
  const { trainings, operations } = await (await workplace(context)).open(idle);
  const name = `${parent}/trainings/queued`;
  const operation = await trainings.createTraining(create("queued"));
  await operations.cancel(operation.name);
  assert.equal((await trainings.getTraining({ name })).state, Training_State.STATE_CANCELLED);
  assert.deepEqual(await trainings.readLossCurve({ name }), { points: [], nextStep: 0n });
  await assert.rejects(trainings.readLossCurve({ name, pageSize: 10_001 }), refusal("INVALID_FIELD", "page_size"));
  await assert.rejects(trainings.readLossCurve({ name, fromStep: -1n }), refusal("INVALID_FIELD", "from_step"));
});

test("a missing native library is found without loading it", async (context) => {
  checkNativeLibrary(nativePackage());
  const { directory } = await workplace(context);
  const missing = refusal("NATIVE_LIBRARY_MISSING");
  assert.throws(() => checkNativeLibrary(directory), missing);
  await mkdir(join(directory, "lib/napi-v8"), { recursive: true });
  await mkdir(join(directory, "deps/lib"), { recursive: true });
  await writeFile(join(directory, "lib/napi-v8/tfjs_binding.node"), "");
  assert.throws(() => checkNativeLibrary(directory), missing);
  await symlink(join(directory, "gone"), join(directory, "deps/lib/libtensorflow.so"));
  assert.throws(() => checkNativeLibrary(directory), missing);
  await writeFile(join(directory, "gone"), "");
  checkNativeLibrary(directory);
});
