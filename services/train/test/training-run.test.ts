import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { OperationMetadata_State, Training_State } from "@pssr/api";
import { decodeImage } from "@pssr/imaging";
import { InferencePool } from "@pssr/inference";
import { parseModelManifest } from "@pssr/networks";
import { finished, type Installation, lossesOf, parent, stateOf } from "./installation.js";
import { leftovers, trainingProcesses } from "./processes.js";
import { refusal, smallTraining, workplace } from "./workplace.js";

async function download({ models }: Installation, name: string, filename: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const { content } of models.downloadModelFile({ name, filename })) {
    if (content?.$case === "data") chunks.push(content.value);
  }
  return Buffer.concat(chunks);
}

test("a training makes a model version that is whole, measured, and runs as ONNX", async (context) => {
  const { open } = await workplace(context);
  const installation = await open({ validationTiles: 5 });
  const { trainings, models, ports } = installation;
  const training = smallTraining(15, { model: `${parent}/models/stripes` });
  const operation = await trainings.createTraining({ parent, trainingId: "first", training });
  const seen = await stateOf(installation, operation, ({ progress }) => progress?.phase === "training");
  assert.equal(seen.resource, `${parent}/trainings/first`);
  assert.ok(seen.progress?.details?.$case === "training" && seen.progress.details.value.loss > 0);

  const result = await finished(installation, operation);
  const versionName = `${parent}/models/stripes/versions/first`;
  assert.deepEqual([result.modelVersion, result.steps], [versionName, 15n]);
  const stored = await trainings.getTraining({ name: `${parent}/trainings/first` });
  assert.equal(stored.state, Training_State.STATE_SUCCEEDED);
  assert.equal(stored.modelVersion, versionName);
  assert.ok(stored.trainingSeconds > 0);
  const losses = await lossesOf(installation, stored.name, 4);
  assert.deepEqual(
    [...losses.keys()],
    Array.from({ length: 15 }, (_, i) => i + 1),
  );

  const version = await models.getModelVersion({ name: `${parent}/models/stripes/versions/latest` });
  assert.equal(version.name, versionName);
  assert.equal(version.training, stored.name);
  assert.deepEqual([version.scale, version.inputFrames, version.grid], [4, 1, 2]);
  assert.ok(version.halo > 0 && version.parameters > 0n);
  const { tiles, model, bilinear } = version.validation!;
  assert.equal(tiles, 5n);
  assert.ok(bilinear!.psnr > 5 && bilinear!.psnr < 60 && bilinear!.ssim > 0 && bilinear!.ssim < 1);
  assert.notEqual(model!.psnr, bilinear!.psnr);

  const files = new Map<string, Uint8Array>();
  for (const { filename, sizeBytes, sha256 } of version.files) {
    const bytes = await download(installation, version.name, filename);
    assert.equal(BigInt(bytes.length), sizeBytes);
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256, filename);
    files.set(filename, bytes);
  }
  const names = ["model.json", "model.onnx", "preview.png", "report.json", "weights.safetensors"];
  assert.deepEqual([...files.keys()].sort(), names);
  const manifest = parseModelManifest(files.get("model.json")!);
  assert.deepEqual(manifest.datasets, [{ name: stored.dataset, digest: stored.datasetDigest }]);
  assert.match(manifest.createdBy, /^pssr \d+\.\d+\.\d+/);
  const report = JSON.parse(Buffer.from(files.get("report.json")!).toString()) as { steps: number };
  assert.equal(report.steps, 15);
  const preview = decodeImage(files.get("preview.png")!, { maxPixels: 1e6, maxBytes: 1e6 });
  assert.ok(preview.pixels.shape.every((side) => side >= 32));

  const pool = new InferencePool({ workers: 1 });
  context.after(() => pool.close());
  const source = { digest: "stripes", load: async () => files.get("model.onnx")! };
  const data = new Float32Array(24 * 24).fill(0.5);
  const output = await pool.run(source, { shape: [1, 1, 24, 24], data }, { signal: context.signal });
  assert.deepEqual([...output.shape], [1, 1, 96, 96]);
  assert.ok(output.data.every(Number.isFinite));

  const keys: string[] = [];
  for await (const { key } of ports.objects.list("operations/")) keys.push(key);
  assert.deepEqual(
    keys.filter((key) => key.includes("/checkpoints/")),
    [],
  );
  assert.deepEqual(installation.reports, []);
  assert.deepEqual([await trainingProcesses(), await leftovers()], [[], []]);
});

test("a budget of time ends a training too, and its model has the next version", async (context) => {
  const { open } = await workplace(context);
  const installation = await open();
  const { trainings, models } = installation;
  const model = `${parent}/models/stripes`;
  const learning = { budget: { $case: "maxDuration" as const, value: { seconds: 0n, nanos: 500_000_000 } } };
  for (const trainingId of ["second", "first"]) {
    const training = smallTraining(1, { model, learning });
    const { steps, trainingSeconds } = await finished(
      installation,
      await trainings.createTraining({ parent, trainingId, training }),
    );
    assert.ok(steps > 0n && trainingSeconds >= 0.5);
    assert.equal((await models.getModel({ name: model })).latestVersion, `${model}/versions/${trainingId}`);
    const { validation } = await models.getModelVersion({ name: `${model}/versions/latest` });
    assert.equal(validation?.tiles, 6n);
  }
});

test("a cancel between two steps ends the process in less than a second and leaves the curve", async (context) => {
  const { pairs, open } = await workplace(context);
  const installation = await open();
  const { trainings, operations } = installation;
  pairs.holdAt(6);
  const operation = await trainings.createTraining({ parent, trainingId: "long", training: smallTraining(1000) });
  await stateOf(installation, operation, ({ progress }) => progress?.done === 6n);
  assert.equal((await trainingProcesses()).length, 1);
  const began = performance.now();
  await operations.cancel(operation.name);
  const view = await operations.wait(operation.name);
  const elapsedMs = performance.now() - began;
  assert.equal(view.state, "CANCELLED");
  assert.ok(elapsedMs < 1000, `${elapsedMs} ms`);
  assert.deepEqual([await trainingProcesses(), await leftovers()], [[], []]);
  const training = await trainings.getTraining({ name: `${parent}/trainings/long` });
  assert.deepEqual([training.state, training.steps], [Training_State.STATE_CANCELLED, 6n]);
  assert.equal((await lossesOf(installation, training.name)).size, 6);
  await pairs.until(({ open }) => open === 0);
});

test("a dataset deleted while it is read ends the training with that reason", async (context) => {
  const { pairs, open } = await workplace(context);
  const installation = await open();
  const { trainings } = installation;
  pairs.holdAt(4);
  const request = { parent, trainingId: "bereft", training: smallTraining(1000), requestId: "once" };
  const operation = await trainings.createTraining(request);
  await stateOf(installation, operation, ({ progress }) => progress?.done === 4n);
  pairs.deleteDataset();
  await assert.rejects(finished(installation, operation), refusal("DATASET_DELETED"));
  const training = await trainings.getTraining({ name: `${parent}/trainings/bereft` });
  assert.equal(training.state, Training_State.STATE_FAILED);
  assert.equal((await lossesOf(installation, training.name)).size, 4);
  const again = await trainings.createTraining(request);
  assert.deepEqual([again.name, again.done], [operation.name, true]);
});

test("a dataset deleted before its training has begun ends it with the same reason", async (context) => {
  const { pairs, open } = await workplace(context);
  const intake = await open({ trainConcurrency: 0 });
  const operation = await intake.trainings.createTraining({ parent, trainingId: "late", training: smallTraining(5) });
  await intake.close();
  pairs.deleteDataset();
  const installation = await open();
  await assert.rejects(finished(installation, operation), refusal("DATASET_DELETED", "training.dataset"));
});

test("anything else that is missing is not taken for a deleted dataset", async (context) => {
  const { pairs, open } = await workplace(context);
  const installation = await open();
  pairs.missing = "image";
  const request = { parent, trainingId: "faulty", training: smallTraining(5) };
  const operation = await installation.trainings.createTraining(request);
  await assert.rejects(finished(installation, operation), refusal("NOT_FOUND"));
});

test("a training whose loss is no number ends as diverged, after the last good step", async (context) => {
  const { pairs, open } = await workplace(context);
  const installation = await open();
  pairs.brokenFrom = 3;
  const { trainings } = installation;
  const operation = await trainings.createTraining({ parent, trainingId: "wild", training: smallTraining(20) });
  await assert.rejects(finished(installation, operation), refusal("TRAINING_DIVERGED"));
  assert.equal((await lossesOf(installation, `${parent}/trainings/wild`)).size, 3);
});

test("a stream of pairs that breaks off is opened again where it ended, and nobody notices", async (context) => {
  const { pairs, open } = await workplace(context);
  const installation = await open();
  const { trainings } = installation;
  pairs.breakAt = 4;
  const operation = await trainings.createTraining({ parent, trainingId: "bumpy", training: smallTraining(8) });
  assert.equal((await finished(installation, operation)).steps, 8n);
  assert.deepEqual(
    pairs.streams.map(({ fromStep }) => fromStep),
    [0n, 4n],
  );
  const { attempt, state } = await stateOf(installation, operation, (_, view) => view.done);
  assert.deepEqual([attempt, state], [1, OperationMetadata_State.STATE_SUCCEEDED]);
});
