import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import type { ObjectStore } from "@pssr/platform";
import { ModelFiles } from "../../dist/models/model-files.js";
import { openPorts, temporaryFolder } from "../fixtures/ports.js";
import { refusal } from "../fixtures/world.js";

/** Models of a hundred bytes each. */
async function openModels(t: TestContext, cacheBytes: number) {
  const { objects } = await openPorts(await temporaryFolder(t));
  const add = async (id: number) => {
    const bytes = new Uint8Array(100).fill(id);
    await objects.put(`models/${id}/model.onnx`, bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { location: `models/${id}`, onnx: { sizeBytes: 100, sha256 } };
  };
  const remove = (id: number) => objects.delete(`models/${id}/model.onnx`);
  return { objects: objects as ObjectStore, models: new ModelFiles(objects, cacheBytes), add, remove };
}

test("a model is read once, for callers at the same time too, and kept as long as it fits", async (t) => {
  const { models, add, remove } = await openModels(t, 250);
  const [one, two, three] = [await add(1), await add(2), await add(3)];
  const both = await Promise.all([models.onnx(one, {}), models.onnx(one, {})]);
  assert.equal(both[0], both[1]);
  await models.onnx(two, {});
  await models.onnx(one, {});
  // Two fit; the least recently used one goes.
  await models.onnx(three, {});
  await Promise.all([1, 2, 3].map(remove));
  assert.equal((await models.onnx(one, {}))[0], 1);
  assert.equal((await models.onnx(three, {}))[0], 3);
  await assert.rejects(models.onnx(two, {}), refusal("OBJECT_CORRUPT", "prediction.model_version"));
});

test("a model that was restored after a failure is read then", async (t) => {
  const { models, add, remove } = await openModels(t, 250);
  const one = await add(1);
  await remove(1);
  await assert.rejects(models.onnx(one, {}), refusal("OBJECT_CORRUPT"));
  await add(1);
  assert.equal((await models.onnx(one, {})).length, 100);
});

test("a model larger than the cache is refused before it is read", async (t) => {
  const { models, add } = await openModels(t, 99);
  await assert.rejects(models.onnx(await add(1), {}), refusal("LIMIT_EXCEEDED"));
});
