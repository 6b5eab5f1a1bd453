/** What every process does at once when a training has ended, and what one does that comes to it late. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ModelVersion, Training, Training_State } from "@pssr/api";
import { FileObjectStore, FileStateStore, type OperationRecord, RecordTable, typedMessage } from "@pssr/platform";
import { committedVersion } from "../dist/models/committed-version.js";
import {
  addModelVersion,
  deleteModelVersion,
  type ModelRecord,
  type ModelVersionRecord,
} from "../dist/models/model-records.js";
import { fromTrainingRecord, materialiseTraining, type TrainingRecord } from "../dist/trainings/training-record.js";
import { parent } from "./installation.js";
import { refusal } from "./workplace.js";

const name = `${parent}/models/mine/versions/t`;
const location = "operations/em/training-t/1/model/";
const training = Training.fromPartial({ name: `${parent}/trainings/t`, model: `${parent}/models/mine` });

const submitted: OperationRecord = {
  schema: 1,
  project: "em",
  id: "training-t",
  kind: "training",
  resource: "t",
  principal: "ann",
  requestId: "",
  requestDigest: "",
  request: typedMessage("Training", Training.encode(training).finish()),
  state: "PENDING",
  materialised: false,
  cancelRequested: false,
  attempt: 0,
  claimant: "",
  beat: 0,
  crashes: 0,
  retries: 0,
  deleted: false,
  swept: false,
  times: { submittedMs: 1 },
};
const succeeded: OperationRecord = {
  ...submitted,
  state: "SUCCEEDED",
  attempt: 1,
  result: {
    attempt: 1,
    value: typedMessage("Training", Training.encode({ ...training, modelVersion: name }).finish()),
    keepAttempts: [],
    keepObjects: [],
  },
};

async function openTables(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), "pssr-test-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const state = await FileStateStore.open(join(directory, "state"));
  return {
    objects: await FileObjectStore.open(join(directory, "objects")),
    trainings: new RecordTable<TrainingRecord>(state, "trainings"),
    models: new RecordTable<ModelRecord>(state, "models"),
    versions: new RecordTable<ModelVersionRecord>(state, "model-versions"),
  };
}

function atOnce(work: () => Promise<void>): Promise<unknown> {
  return Promise.all(Array.from({ length: 4 }, work));
}

test("several processes bring a training in line at once, and none of them fails", async (t) => {
  const { trainings, objects } = await openTables(t);
  const stateNow = async () => fromTrainingRecord((await trainings.get({ project: "em", id: "t" }, {}))!.record).state;
  await atOnce(() => materialiseTraining(trainings, objects, submitted, {}));
  assert.equal(await stateNow(), Training_State.STATE_ACTIVE);
  await Promise.all([
    atOnce(() => materialiseTraining(trainings, objects, { ...submitted, state: "CANCELLED" }, {})),
    atOnce(() => materialiseTraining(trainings, objects, submitted, {})),
  ]);
  assert.equal(await stateNow(), Training_State.STATE_CANCELLED);
});

test("several processes make a version visible at once, and none of them fails", async (t) => {
  const tables = await openTables(t);
  const version = ModelVersion.fromPartial({ name, createTime: new Date(1), location });
  await atOnce(() => addModelVersion(tables, version, {}));
  const versions = [];
  for await (const { record } of tables.versions.listAll({})) versions.push(ModelVersion.fromJSON(record.version));
  assert.deepEqual(versions, [version]);
});

test("a process that comes late to a training whose version was deleted changes nothing", async (t) => {
  const tables = await openTables(t);
  const version = ModelVersion.fromPartial({ name, createTime: new Date(1), location });
  await addModelVersion(tables, version, {});
  const entry = (await tables.versions.get({ project: "em", id: "mine/t" }, {}))!;
  await deleteModelVersion(tables, tables.objects, entry, {});
  assert.equal(await committedVersion(tables.objects, tables, succeeded, {}), undefined);
});

test("files of a version that are missing, although nobody deleted it, are told of", async (t) => {
  const tables = await openTables(t);
  await assert.rejects(committedVersion(tables.objects, tables, succeeded, {}), refusal("NOT_FOUND"));
});
