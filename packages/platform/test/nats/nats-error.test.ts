import assert from "node:assert/strict";
import { test } from "node:test";
import { JetStreamApiError } from "@nats-io/jetstream";
import type { PssrError } from "@pssr/api";
import { isSubjectFull, toNatsError } from "../../dist/nats/nats-error.js";

const storing = (description: string) => new JetStreamApiError({ code: 503, err_code: 10077, description });

test("a full disk is no lost connection, under whatever code NATS tells of it", () => {
  for (const cause of [
    storing("write /data/js/1.blk: no space left on device"),
    new Error("no space left on device"),
  ]) {
    assert.equal((toNatsError(cause, "writing") as PssrError).reason, "STORAGE_FULL");
  }
  assert.equal((toNatsError(new Error("timeout"), "writing") as PssrError).reason, "UNAVAILABLE");
});

test("that a job is there already is told apart from other reasons for which NATS stores nothing", () => {
  assert.ok(isSubjectFull(storing("maximum messages per subject exceeded")));
  assert.ok(!isSubjectFull(storing("no space left on device")));
});
