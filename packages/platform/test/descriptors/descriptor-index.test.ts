import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { readDescriptorSet } from "@pssr/api";
import { contractDescriptors, DescriptorFile, DescriptorIndex } from "@pssr/platform";

const contract = DescriptorIndex.fromSet(readDescriptorSet());
const nameOf = (file: Uint8Array | undefined) => file && DescriptorFile.parse(file).name;

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

test("files survive with their options", () => {
  const copy = new DescriptorIndex(
    [...contract.files].map(({ name }) => DescriptorFile.parse(contract.fileByName(name)!)),
  );
  const method = copy.methods.get("/pssr.v1.ImageService/RegisterImage");
  assert.ok(method?.proto.options?.$unknown?.some(({ no }) => no === 50401));
});

test("a file is given out whole, comments and all, as the set has it", () => {
  const set = fromBinary(FileDescriptorSetSchema, readDescriptorSet());
  assert.equal([...contract.files].length, set.file.length);
  for (const file of set.file) {
    assert.deepEqual(fromBinary(FileDescriptorProtoSchema, contract.fileByName(file.name)!), file);
  }
  const images = set.file.find(({ name }) => name === "pssr/v1/image_service.proto");
  assert.ok((images?.sourceCodeInfo?.location.length ?? 0) > 0);
});

test("methods are known as declared, by their service", () => {
  const kinds = contract.methodsOf("pssr.v1.ImageService").map((one) => [one.name, one.clientStreaming === true]);
  assert.ok(kinds.some(([name, streams]) => name === "GetImage" && streams === false));
  assert.deepEqual(contract.methodsOf("google.longrunning.Operations").length, 5);
  assert.deepEqual(contract.methodsOf("pssr.v1.Image"), []);
  assert.deepEqual(contract.methodsOf("pssr.v1.Nothing"), []);
});

test("a process reads its contract once, and health is in it", () => {
  assert.equal(contractDescriptors(), contractDescriptors());
  assert.ok(contractDescriptors().methods.has("/grpc.health.v1.Health/Check"));
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

test("a file is known again by its bytes, and by no others", () => {
  const bytes = contract.fileByName("pssr/v1/image_service.proto")!;
  assert.equal(contract.fileWithBytes(Uint8Array.from(bytes))?.name, "pssr/v1/image_service.proto");
  const other = Uint8Array.from(bytes);
  other[other.length - 1]! ^= 1;
  assert.equal(contract.fileWithBytes(other), undefined);
});
