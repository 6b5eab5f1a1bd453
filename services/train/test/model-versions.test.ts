import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ModelVersion } from "@pssr/api";
import { RecordTable } from "@pssr/platform";
import { addModelVersion, type ModelRecord, type ModelVersionRecord } from "../dist/models/model-records.js";
import { type Installation, parent } from "./installation.js";
import { refusal, workplace } from "./workplace.js";

const model = `${parent}/models/mine`;
const onnx = new Uint8Array(700_000).map((_, i) => (i * 7) % 251);

function tablesOf({ ports: { state } }: Installation) {
  return {
    models: new RecordTable<ModelRecord>(state, "models"),
    versions: new RecordTable<ModelVersionRecord>(state, "model-versions"),
  };
}

/** A version as a committed training leaves it. */
async function add(installation: Installation, id: string, minute: number, of = model): Promise<ModelVersion> {
  const location = `operations/em/training-${id}/1/model/`;
  await installation.ports.objects.put(`${location}model.onnx`, onnx);
  const sha256 = createHash("sha256").update(onnx).digest("hex");
  const version = ModelVersion.fromPartial({
    name: `${of}/versions/${id}`,
    files: [{ filename: "model.onnx", sizeBytes: BigInt(onnx.length), sha256 }],
    createTime: new Date(Date.UTC(2030, 0, 1, 12, minute)),
    location,
  });
  await addModelVersion(tablesOf(installation), version, {});
  return version;
}

test("the version that appeared last is the latest, in whatever order they become visible", async (context) => {
  const installation = await (await workplace(context)).open();
  const { models } = installation;
  await Promise.all([add(installation, "b", 2), add(installation, "c", 3), add(installation, "a", 1)]);
  await add(installation, "a", 1);
  const found = await models.getModel({ name: model });
  assert.equal(found.latestVersion, `${model}/versions/c`);
  assert.deepEqual(found.updateTime, new Date(Date.UTC(2030, 0, 1, 12, 3)));
  assert.equal((await models.getModelVersion({ name: `${model}/versions/latest` })).name, `${model}/versions/c`);
});

test("a deleted version is gone with its files, and the latest moves", async (context) => {
  const installation = await (await workplace(context)).open();
  const { models, ports } = installation;
  await add(installation, "a", 1);
  const second = await add(installation, "b", 2);
  await models.deleteModelVersion({ name: `${model}/versions/latest` });
  assert.equal((await models.getModel({ name: model })).latestVersion, `${model}/versions/a`);
  await assert.rejects(models.getModelVersion({ name: second.name }), refusal("NOT_FOUND"));
  assert.equal(await ports.objects.stat(`${second.location}model.onnx`), undefined);
  // A process that is late in making it visible does not bring it back.
  await addModelVersion(tablesOf(installation), second, {});
  await assert.rejects(models.getModelVersion({ name: second.name }), refusal("NOT_FOUND"));
  const { versions } = await models.listModelVersions({ parent: model });
  assert.deepEqual(
    versions.map(({ name }) => name),
    [`${model}/versions/a`],
  );

  await models.deleteModelVersion({ name: `${model}/versions/a` });
  await models.deleteModelVersion({ name: `${model}/versions/a` });
  await assert.rejects(models.getModel({ name: model }), refusal("NOT_FOUND"));
  await assert.rejects(models.deleteModelVersion({ name: `${model}/versions/never` }), refusal("NOT_FOUND"));
});

test("models and versions are listed page by page", async (context) => {
  const installation = await (await workplace(context)).open();
  const { models } = installation;
  for (const [minute, id] of ["c", "a", "b"].entries()) await add(installation, id, minute);
  await add(installation, "d", 9, `${parent}/models/other`);
  const versions = await models.listModelVersions({ parent: model, pageSize: 2 });
  const rest = await models.listModelVersions({ parent: model, pageSize: 2, pageToken: versions.nextPageToken });
  const ids = [...versions.versions, ...rest.versions].map(({ name }) => name.split("/").at(-1));
  assert.deepEqual([ids, rest.nextPageToken], [["a", "b", "c"], ""]);
  const first = await models.listModels({ parent, pageSize: 1 });
  const second = await models.listModels({ parent, pageSize: 1, pageToken: first.nextPageToken });
  assert.deepEqual(
    [...first.models, ...second.models].map(({ name }) => name),
    [model, `${parent}/models/other`],
  );
  assert.equal(second.nextPageToken, "");
  await assert.rejects(models.listModelVersions({ parent: `${parent}/models/none` }), refusal("NOT_FOUND"));
});

test("a file is downloaded in bounded messages, from any offset", async (context) => {
  const installation = await (await workplace(context)).open();
  const { models } = installation;
  const { name, files } = await add(installation, "a", 1);
  for (const offset of [0, 299_999, onnx.length]) {
    const chunks: Uint8Array[] = [];
    const headers: unknown[] = [];
    const download = models.downloadModelFile({ name, filename: "model.onnx", offset: BigInt(offset) });
    for await (const { content } of download) {
      if (content?.$case === "data") chunks.push(content.value);
      else headers.push(content?.value);
    }
    assert.deepEqual(headers, [{ ...files[0], mediaType: "application/octet-stream" }]);
    assert.ok(chunks.every(({ length }) => length <= 256 * 1024));
    assert.ok(Buffer.concat(chunks).equals(onnx.subarray(offset)));
  }
  const download = async (request: { filename: string; offset?: bigint }) => {
    for await (const _ of models.downloadModelFile({ name, ...request }));
  };
  const beyond = BigInt(onnx.length + 1);
  await assert.rejects(download({ filename: "model.onnx", offset: beyond }), refusal("INVALID_FIELD", "offset"));
  await assert.rejects(download({ filename: "model.onnx", offset: -1n }), refusal("INVALID_FIELD", "offset"));
  await assert.rejects(download({ filename: "../model.json" }), refusal("NOT_FOUND", "filename"));
});
