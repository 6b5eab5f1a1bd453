import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateCrappifierRequest,
  CreateDatasetRequest,
  CreateImageRequest,
  CreateTrainingRequest,
  GetOperationRequest,
  readDescriptorSet,
} from "@pssr/api";
import { AccessRules, DescriptorIndex } from "@pssr/platform";

const rules = new AccessRules(DescriptorIndex.fromSet(readDescriptorSet()));
const namesIn = (path: string, request: unknown) => [...rules.of(path).resourceNames(request)].sort();

test("names are found at the top, in lists, in nested messages and in oneofs, and empty ones are left out", () => {
  const dataset = CreateDatasetRequest.fromPartial({
    parent: "projects/a",
    dataset: { images: ["projects/b/images/1", "projects/c/images/2"] },
  });
  assert.deepEqual(namesIn("/pssr.v1.DatasetService/CreateDataset", dataset), [
    "projects/a",
    "projects/b/images/1",
    "projects/c/images/2",
  ]);
  const training = CreateTrainingRequest.fromPartial({
    parent: "projects/a",
    training: {
      dataset: "projects/b/datasets/1",
      crappifier: { named: { $case: "saved", value: "projects/c/crappifiers/2" } },
    },
  });
  assert.deepEqual(namesIn("/pssr.v1.TrainingService/CreateTraining", training), [
    "projects/a",
    "projects/b/datasets/1",
    "projects/c/crappifiers/2",
  ]);
  const saved = CreateCrappifierRequest.fromPartial({
    parent: "projects/a",
    crappifier: { crappifier: { named: { $case: "saved", value: "projects/b/crappifiers/1" } } },
  });
  assert.deepEqual(namesIn("/pssr.v1.CrappifierService/CreateCrappifier", saved), [
    "projects/a",
    "projects/b/crappifiers/1",
  ]);
  const preset = CreateTrainingRequest.fromPartial({
    training: { crappifier: { named: { $case: "preset", value: "em-fast-scan" } } },
  });
  assert.deepEqual(namesIn("/pssr.v1.TrainingService/CreateTraining", preset), []);
  const image = CreateImageRequest.fromPartial({
    parent: "projects/a",
    image: {
      name: "projects/b/images/x",
      origin: { kind: { $case: "prediction", value: { inputImage: "projects/c/images/y" } } },
    },
  });
  assert.deepEqual(namesIn("/pssr.v1.ImageService/CreateImage", image), [
    "projects/a",
    "projects/b/images/x",
    "projects/c/images/y",
  ]);
});

test("the name of a request counts without an annotation", () => {
  const request = GetOperationRequest.fromPartial({ name: "projects/a/operations/1" });
  assert.deepEqual(namesIn("/google.longrunning.Operations/GetOperation", request), ["projects/a/operations/1"]);
});

test("roles come from the contract, else from the verb", () => {
  assert.equal(rules.of("/pssr.v1.ImageService/RegisterImage").role, "service");
  assert.equal(rules.of("/pssr.v1.ImageService/GetImage").role, "viewer");
  assert.equal(rules.of("/pssr.v1.ImageService/DownloadImage").role, "viewer");
  assert.equal(rules.of("/pssr.v1.CrappifyService/StreamPairs").role, "viewer");
  assert.equal(rules.of("/pssr.v1.CrappifierService/ListPresets").role, "viewer");
  assert.equal(rules.of("/pssr.v1.CrappifierService/DeleteCrappifier").role, "operator");
  assert.equal(rules.of("/pssr.v1.TrainingService/CreateTraining").role, "operator");
  assert.equal(rules.of("/google.longrunning.Operations/CancelOperation").role, "operator");
});

test("a method that no descriptor knows cannot be authorised", () => {
  assert.throws(() => rules.of("/pssr.v1.ImageService/Nothing"), /cannot be authorised/);
});
