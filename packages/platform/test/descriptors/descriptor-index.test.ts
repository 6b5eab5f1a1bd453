import assert from "node:assert/strict";
import { test } from "node:test";
import { readDescriptorSet } from "@pssr/api";
import { DescriptorIndex } from "@pssr/platform";

const contract = DescriptorIndex.fromSet(readDescriptorSet());
const nameOf = (file: Uint8Array | undefined) => file && DescriptorIndex.fileFromBytes(file).name;

test("a file is found by whatever it declares", () => {
  for (const symbol of [
    "Image",
    "ImageOrigin.file",
    "ImageService",
    "ImageService.GetImage",
    "FileFormat",
    "FILE_FORMAT_PNG",
  ]) {
    assert.equal(nameOf(contract.fileContaining(`pssr.v1.${symbol}`)), "pssr/v1/image_service.proto", symbol);
  }
  assert.equal(nameOf(contract.fileOfExtension("google.protobuf.MethodOptions", 50401)), "pssr/v1/access.proto");
  assert.equal(contract.fileContaining("pssr.v1.Nothing"), undefined);
});

test("files survive with their options, comments and all", () => {
  const copy = new DescriptorIndex(
    [...contract.files].map(({ name }) => DescriptorIndex.fileFromBytes(contract.fileByName(name)!)),
  );
  const method = copy.methods.get("/pssr.v1.ImageService/RegisterImage");
  assert.ok(method?.proto.options?.$unknown?.some(({ no }) => no === 50401));
  assert.ok((copy.registry.getFile("pssr/v1/image_service.proto")?.proto.sourceCodeInfo?.location.length ?? 0) > 0);
});

test("a subset holds the files of its symbols and what they import, nothing else", () => {
  const subset = contract.subset(["google.longrunning.Operations"]);
  assert.ok(subset.methods.has("/google.longrunning.Operations/GetOperation"));
  assert.ok(![...subset.files].some(({ name }) => name.startsWith("pssr/")));
});

test("a set with a missing import is refused by name", () => {
  const files = [...contract.files].filter(({ name }) => name !== "google/protobuf/any.proto");
  assert.throws(() => new DescriptorIndex(files), /imports google\/protobuf\/any\.proto, which is missing/);
});
