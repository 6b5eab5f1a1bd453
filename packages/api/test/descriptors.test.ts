import assert from "node:assert/strict";
import { test } from "node:test";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { readDescriptorSet } from "@pssr/api";

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readDescriptorSet()));

test("the descriptor set holds every service of the contract", () => {
  const services = [...registry].filter((d) => d.kind === "service").map((s) => s.typeName);
  for (const name of [
    "ImageService",
    "DatasetService",
    "CrappifierService",
    "CrappifyService",
    "TrainingService",
    "ModelService",
    "PredictionService",
    "EvaluationService",
    "FitService",
    "OperationWatchService",
  ])
    assert.ok(services.includes(`pssr.v1.${name}`), name);
  assert.ok(services.includes("google.longrunning.Operations"));
});

test("every field, message, enum value and method of ours has a comment", () => {
  const bare: string[] = [];
  for (const file of registry.files) {
    if (!file.name.startsWith("pssr/")) continue;
    const commented = new Set(
      file.proto.sourceCodeInfo!.location.filter((l) => l.leadingComments.trim() !== "").map((l) => l.path.join(".")),
    );
    const check = (path: number[], name: string) => {
      if (!commented.has(path.join("."))) bare.push(name);
    };
    const message = (path: number[], m: (typeof file.proto.messageType)[number]) => {
      check(path, m.name);
      m.field.forEach((f, i) => check([...path, 2, i], `${m.name}.${f.name}`));
      m.nestedType.filter((n) => !n.options?.mapEntry).forEach((n, i) => message([...path, 3, i], n));
      m.enumType.forEach((e, i) => e.value.forEach((v, j) => check([...path, 4, i, 2, j], v.name)));
    };
    file.proto.messageType.forEach((m, i) => message([4, i], m));
    file.proto.enumType.forEach((e, i) => e.value.forEach((v, j) => check([5, i, 2, j], v.name)));
    file.proto.service.forEach((s, i) => s.method.forEach((m, j) => check([6, i, 2, j], `${s.name}.${m.name}`)));
  }
  assert.deepEqual(bare, []);
});
