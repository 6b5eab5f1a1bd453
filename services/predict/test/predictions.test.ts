import assert from "node:assert/strict";
import { test } from "node:test";
import { type Operation, Prediction, Progress, Prediction_State as State } from "@pssr/api";
import { imageNamed, noisyPixels, project, refusal, startWorld } from "./fixtures/world.js";

test("an image is restored: larger by the scale, of its type, with levels, pixel size and origin", async (t) => {
  const world = await startWorld(t);
  await world.addImage("scan", noisyPixels([75, 61], "uint16"), { levels: [0, 4095], pixelSizeNm: 16 });
  const modelVersion = await world.addModel("fine", { scale: 4, options: { width: 8, depth: 1 } });
  const operation = await world.predictions.createPrediction({
    parent: project,
    predictionId: "first",
    prediction: { image: imageNamed("scan"), modelVersion, tileSize: 32 },
  });
  const active = await world.predictions.getPrediction({ name: `${project}/predictions/first` });
  assert.equal(active.outputImage, imageNamed("first"));

  const end = await world.result(operation);
  assert.equal(end.error, undefined);
  const answer = Prediction.decode(end.result!.bytes);
  const stored = await world.predictions.getPrediction({ name: answer.name });
  assert.deepEqual(stored, answer);
  assert.equal(stored.state, State.STATE_SUCCEEDED);
  assert.equal(stored.modelVersion, modelVersion);

  const image = world.peers.images.get(stored.outputImage)!;
  assert.deepEqual(image.shape, [300n, 244n]);
  assert.equal(image.pixelSizeNm, 4);
  assert.deepEqual(image.levels, { black: 0, white: 4095, source: 2 });
  assert.deepEqual(image.origin?.kind, {
    $case: "prediction",
    value: {
      prediction: stored.name,
      modelVersion,
      inputImage: imageNamed("scan"),
      inputDigest: "digest of scan",
      clippedPixels: stored.clippedPixels,
    },
  });
  const pixels = await world.read(image);
  assert.equal(pixels.dtype, "uint16");
  const mean = (data: ArrayLike<number>) => Array.from(data).reduce((sum, value) => sum + value, 0) / data.length;
  assert.ok(mean(pixels.data) > 200, "there is an image");
  const list = await world.predictions.listPredictions({ parent: project });
  assert.deepEqual(list.predictions, [stored]);
  assert.deepEqual(await world.ports.state.list("region-verdicts/", { limit: 10 }), []);
  assert.deepEqual(await world.ports.state.list("region-orders/", { limit: 10 }), []);
});

test("a stack is restored plane by plane, and its planes are those of single images", async (t) => {
  const world = await startWorld(t);
  const stack = noisyPixels([3, 40, 50]);
  await world.addImage("stack", stack);
  await world.addImage("plane", { ...stack, axes: "yx", shape: [40, 50], data: stack.data.slice(2 * 40 * 50) });
  const modelVersion = await world.addModel("fine", { scale: 2, options: { width: 8, depth: 1 } });
  const restored = [];
  for (const id of ["stack", "plane"]) {
    const prediction = { image: imageNamed(id), modelVersion, outputImage: imageNamed(`${id}-large`) };
    const end = await world.result(await world.predictions.createPrediction({ parent: project, prediction }));
    assert.equal(end.error, undefined);
    restored.push(await world.read(world.peers.images.get(imageNamed(`${id}-large`))!));
  }
  assert.deepEqual(restored[0]!.shape, [3, 80, 100]);
  assert.deepEqual(restored[0]!.data.slice(2 * 80 * 100), restored[1]!.data);
});

test("the size of tiles does not change what comes out", async (t) => {
  const world = await startWorld(t);
  await world.addImage("scan", noisyPixels([90, 70], "float32"), { levels: [0, 1] });
  const modelVersion = await world.addModel("fine", { scale: 2, options: { width: 8, depth: 1 } });
  const results = [];
  for (const tileSize of [16, 2048]) {
    const prediction = { image: imageNamed("scan"), modelVersion, tileSize };
    const end = await world.result(
      await world.predictions.createPrediction({ parent: project, predictionId: `tiles-${tileSize}`, prediction }),
    );
    assert.equal(end.error, undefined);
    results.push(await world.read(world.peers.images.get(imageNamed(`tiles-${tileSize}`))!));
  }
  const [small, large] = results.map(({ data }) => Array.from(data));
  const difference = small!.reduce((most, value, i) => Math.max(most, Math.abs(value - large![i]!)), 0);
  assert.ok(difference < 1e-4, `differs by ${difference}`);
});

test("what cannot work is refused by the call, with the field to blame", async (t) => {
  const world = await startWorld(t);
  await world.addImage("scan", noisyPixels([40, 40]));
  const modelVersion = await world.addModel("fine", { scale: 2, options: { width: 8, depth: 1 } });
  const framed = await world.addModel("framed", { scale: 2, frames: 3, options: { width: 8, depth: 1 } });
  const image = imageNamed("scan");
  const create = (prediction: object) => world.predictions.createPrediction({ parent: project, prediction });
  await assert.rejects(create({ image: imageNamed("no"), modelVersion }), refusal("NOT_FOUND", "prediction.image"));
  await assert.rejects(
    create({ image, modelVersion: `${project}/models/no/versions/latest` }),
    refusal("NOT_FOUND", "prediction.model_version"),
  );
  await assert.rejects(
    create({ image: `${project}/scans/scan`, modelVersion }),
    refusal("INVALID_FIELD", "prediction.image"),
  );
  await assert.rejects(
    create({ image, modelVersion: `${project}/models/fine` }),
    refusal("INVALID_FIELD", "prediction.model_version"),
  );
  for (const tileSize of [15, 2049, -1]) {
    await assert.rejects(create({ image, modelVersion, tileSize }), refusal("INVALID_FIELD", "prediction.tile_size"));
  }
  await assert.rejects(
    create({ image, modelVersion, outputImage: image }),
    refusal("ALREADY_EXISTS", "prediction.output_image"),
  );
  await assert.rejects(create({ image, modelVersion: framed }), refusal("INVALID_FIELD", "prediction.model_version"));
  await assert.rejects(
    create({ image: "projects/other/images/scan", modelVersion }),
    refusal("NOT_FOUND"),
    "another project's images are not to be guessed at",
  );
  await assert.rejects(world.predictions.createPrediction({ parent: project }), refusal("INVALID_FIELD", "prediction"));
  assert.deepEqual((await world.predictions.listPredictions({ parent: project })).predictions, []);
});

test("a model file that is not the one of the manifest ends the prediction, and no image appears", async (t) => {
  const world = await startWorld(t);
  await world.addImage("scan", noisyPixels([40, 40]));
  const modelVersion = await world.addModel("fine", { scale: 2, options: { width: 8, depth: 1 } });
  const key = "models/em/fine/one/model.onnx";
  await world.ports.objects.delete(key);
  await world.ports.objects.put(key, Uint8Array.of(1, 2, 3));
  const prediction = { image: imageNamed("scan"), modelVersion };
  const operation = await world.predictions.createPrediction({ parent: project, predictionId: "bad", prediction });
  const end = await world.result(operation);
  assert.equal(end.error?.reason, "OBJECT_CORRUPT");
  assert.equal(world.peers.images.has(imageNamed("bad")), false);
  const stored = await world.predictions.getPrediction({ name: `${project}/predictions/bad` });
  assert.equal(stored.state, State.STATE_FAILED);
  assert.deepEqual(await world.ports.state.list("region-verdicts/", { limit: 10 }), []);
});

test("the same request gives the same operation, whatever is latest by then; another request with its id is refused", async (t) => {
  const world = await startWorld(t);
  await world.addImage("scan", noisyPixels([40, 40]));
  const first = await world.addModel("fine", { scale: 2, options: { width: 8, depth: 1 } });
  const latest = `${project}/models/fine/versions/latest`;
  const request = {
    parent: project,
    requestId: "once",
    prediction: { image: imageNamed("scan"), modelVersion: latest },
  };
  const operation = await world.predictions.createPrediction(request);
  const end = await world.result(operation);
  assert.equal(Prediction.decode(end.result!.bytes).modelVersion, first);
  await world.addModel("fine", { scale: 2, options: { width: 8, depth: 0 } }, "two");
  const again = await world.predictions.createPrediction(request);
  assert.equal(again.name, operation.name);
  assert.equal(again.done, true);
  const other = { ...request, prediction: { ...request.prediction, tileSize: 64 } };
  await assert.rejects(world.predictions.createPrediction(other), refusal("ALREADY_EXISTS"));
  const chosen = { ...request, requestId: "", predictionId: end.resource };
  await assert.rejects(world.predictions.createPrediction(chosen), refusal("ALREADY_EXISTS", "prediction_id"));
  const renamed = { ...request, predictionId: "another" };
  await assert.rejects(world.predictions.createPrediction(renamed), refusal("ALREADY_EXISTS", "request_id"));
});

test("progress is told in tiles, to the last", async (t) => {
  const world = await startWorld(t);
  await world.addImage("stack", noisyPixels([4, 64, 64]));
  const modelVersion = await world.addModel("fine", { scale: 2, options: { width: 8, depth: 1 } });
  const prediction = { image: imageNamed("stack"), modelVersion, tileSize: 32 };
  const { name } = await world.predictions.createPrediction({ parent: project, prediction });
  let last: Progress | undefined;
  for await (const { progress } of world.operations.watch(name)) {
    if (progress === undefined) continue;
    const told = Progress.decode(progress.bytes);
    assert.ok(last === undefined || told.done >= last.done, "it never goes back");
    last = told;
  }
  assert.deepEqual([last?.phase, last?.unit, last?.done, last?.total], ["restoring", "tiles", 16n, 16n]);
});

test("a cancel stops the work at once and leaves nothing that anyone sees", async (t) => {
  const world = await startWorld(t);
  // Some seconds of work.
  await world.addImage("stack", noisyPixels([40, 128, 128]));
  const modelVersion = await world.addModel("slow", { scale: 4, options: { width: 32, depth: 2 } });
  const prediction = { image: imageNamed("stack"), modelVersion, tileSize: 64 };
  const { name } = await world.predictions.createPrediction({ parent: project, predictionId: "halfway", prediction });
  for await (const { progress } of world.operations.watch(name)) {
    if (progress !== undefined && Progress.decode(progress.bytes).done > 4n) break;
  }
  const askedMs = performance.now();
  await world.operations.cancel(name);
  const end = await world.result({ name } as Operation);
  assert.equal(end.error?.reason, "CANCELLED");
  assert.ok(performance.now() - askedMs < 2000, "soon");
  assert.equal(world.peers.images.has(imageNamed("halfway")), false);
  const stored = await world.predictions.getPrediction({ name: `${project}/predictions/halfway` });
  assert.equal(stored.state, State.STATE_CANCELLED);
  assert.deepEqual(await world.ports.state.list("region-orders/", { limit: 10 }), []);
});

test("of two predictions that are to make one image, one is refused by the call", async (t) => {
  const world = await startWorld(t);
  await world.addImage("stack", noisyPixels([4, 64, 64]));
  const modelVersion = await world.addModel("fine", { scale: 4, options: { width: 16, depth: 1 } });
  const prediction = { image: imageNamed("stack"), modelVersion, outputImage: imageNamed("both") };
  const create = () => world.predictions.createPrediction({ parent: project, prediction });
  const created = await Promise.allSettled([create(), create()]);
  const refused = created.filter((one) => one.status === "rejected");
  assert.equal(refused.length, 1);
  assert.ok(refusal("ALREADY_EXISTS", "prediction.output_image")(refused[0]!.reason));
  const [begun] = created.filter((one) => one.status === "fulfilled");
  const end = await world.result(begun!.value);
  assert.equal(end.error, undefined);
  const image = world.peers.images.get(imageNamed("both"))!;
  assert.ok(image.location.startsWith(`operations/em/${end.id}/`));
  assert.equal(world.peers.reservations.size, 0);
});

test("an image's id is kept from the call on, and one that another holds is refused", async (t) => {
  const world = await startWorld(t);
  await world.addImage("scan", noisyPixels([40, 40]));
  const modelVersion = await world.addModel("fine", { scale: 2, options: { width: 8, depth: 1 } });
  const create = (predictionId: string) =>
    world.predictions.createPrediction({
      parent: project,
      predictionId,
      prediction: { image: imageNamed("scan"), modelVersion },
    });
  world.peers.reservations.set(imageNamed("imported"), `${project}/operations/image-imported`);
  await assert.rejects(create("imported"), refusal("ALREADY_EXISTS", "prediction.output_image"));
  assert.equal(world.peers.reservations.get(imageNamed("imported")), `${project}/operations/image-imported`);

  const first = await create("first");
  assert.equal(world.peers.reservations.get(imageNamed("first")), first.name);
  assert.equal((await world.result(first)).error, undefined);
  assert.equal(world.peers.reservations.size, 1, "only the import's is left");
});

test("a prediction that fails gives its image's id back", async (t) => {
  const world = await startWorld(t);
  await world.addImage("scan", noisyPixels([40, 40]));
  const modelVersion = await world.addModel("fine", { scale: 2, options: { width: 8, depth: 1 } });
  await world.ports.objects.delete("models/em/fine/one/model.onnx");
  const outputImage = imageNamed("wanted");
  const prediction = { image: imageNamed("scan"), modelVersion, outputImage };
  const end = await world.result(await world.predictions.createPrediction({ parent: project, prediction }));
  assert.equal(end.error?.reason, "OBJECT_CORRUPT");
  assert.equal(world.peers.reservations.size, 0);
});
