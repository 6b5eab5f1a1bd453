import assert from "node:assert/strict";
import { test } from "node:test";
import { checkId, idFrom, imageName, isPssrError, modelVersionName, operationName, randomId } from "@pssr/api";

test("a name is taken apart and put together again", () => {
  const name = "projects/em/models/em-x4/versions/latest";
  assert.deepEqual(modelVersionName.parse(name), { project: "em", model: "em-x4", version: "latest" });
  assert.equal(modelVersionName.format(modelVersionName.parse(name)), name);
});

for (const name of [
  "",
  "images/a",
  "projects/em/images/",
  "projects/em/images/a/b",
  "projects/../images/a",
  "projects/em/images/A",
  "projects/em/images/-a",
  `projects/em/images/${"a".repeat(64)}`,
]) {
  test(`"${name.slice(0, 30)}" is refused as an image's name, with the field and the form it should have`, () => {
    assert.throws(
      () => imageName.parse(name, "image"),
      (error) =>
        isPssrError(error, "INVALID_FIELD") &&
        error.field === "image" &&
        error.message.includes("projects/{project}/images/{image}"),
    );
  });
}

test("ids made of file names and ids made at random are valid", () => {
  assert.equal(idFrom("Scan 07 (fast).TIF"), "scan-07-fast-tif");
  assert.equal(idFrom("…"), "");
  for (const id of [idFrom("x".repeat(200)), randomId(), randomId()]) checkId(id, "id");
  assert.notEqual(randomId(), randomId());
});

test("the name of an operation holds the longest id of what it makes", () => {
  const operation = `prediction-${"a".repeat(63)}`;
  const name = `projects/em/operations/${operation}`;
  assert.deepEqual(operationName.parse(name), { project: "em", operation });
  assert.throws(
    () => operationName.parse(`projects/em/operations/${"a".repeat(85)}`),
    (error) => isPssrError(error, "INVALID_FIELD"),
  );
  assert.throws(
    () => operationName.parse(`projects/${"a".repeat(64)}/operations/import-a`),
    (error) => isPssrError(error, "INVALID_FIELD"),
  );
});
