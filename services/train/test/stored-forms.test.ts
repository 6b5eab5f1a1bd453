/** What a training leaves for later releases is checked when it is read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReport } from "../dist/models/report-file.js";
import { checkpointReference } from "../dist/trainings/checkpoints.js";
import { refusal } from "./workplace.js";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const quality = { psnr: 30.5, ssim: 0.9 };
const report = { schemaVersion: 1, tiles: 3, model: quality, bilinear: quality, steps: 100, trainingSeconds: 2.5 };

test("a report comes back as it was; a training that held nothing back has none", () => {
  assert.deepEqual(parseReport(bytes(report)), report);
  assert.equal(parseReport(bytes(null)), undefined);
});

for (const [what, value] of Object.entries({
  "of a newer release": { ...report, schemaVersion: 2 },
  "without a number": { ...report, tiles: "3" },
  "without a part": { ...report, bilinear: null },
  "that is a number": 7,
})) {
  test(`a report ${what} is refused`, () => {
    assert.throws(() => parseReport(bytes(value)), refusal("INVALID_MODEL"));
  });
}

test("a checkpoint is gone on from only if its reference is sound and of a known form", () => {
  const reference = { schemaVersion: 1, step: 7, elapsedSeconds: 1.5, state: "a/state", losses: "a/losses" };
  assert.deepEqual(checkpointReference(reference), reference);
  assert.throws(() => checkpointReference({ ...reference, schemaVersion: 2 }), refusal("RECORD_TOO_NEW"));
  for (const wrong of [null, 7, [], {}, { ...reference, step: "7" }, { ...reference, losses: undefined }]) {
    assert.throws(() => checkpointReference(wrong), refusal("OBJECT_CORRUPT"));
  }
});
