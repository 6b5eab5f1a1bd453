import assert from "node:assert/strict";
import { test } from "node:test";
import { checkId, idOfRequest, isPssrError, newResourceId } from "@pssr/api";

test("a repeated request names the same resource, another request another one", () => {
  const id = newResourceId("", "request 1", "image_id");
  assert.equal(newResourceId("", "request 1", "image_id"), id);
  assert.equal(idOfRequest("request 1"), id);
  assert.notEqual(newResourceId("", "request 2", "image_id"), id);
  assert.equal(checkId(id, "id"), id);
});

test("the caller's choice comes first and is checked; without choice and request the id is random", () => {
  assert.equal(newResourceId("scan-07", "request 1", "image_id"), "scan-07");
  assert.throws(
    () => newResourceId("Scan 07", "", "image_id"),
    (error) => isPssrError(error, "INVALID_FIELD") && error.field === "image_id",
  );
  assert.notEqual(newResourceId("", "", "image_id"), newResourceId("", "", "image_id"));
});
