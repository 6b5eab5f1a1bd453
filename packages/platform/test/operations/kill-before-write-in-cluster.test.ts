import assert from "node:assert/strict";
import { test } from "node:test";
import { natsOfTests } from "../nats/nats.js";
import { clusterGround } from "./cluster-stage.js";
import { killEverywhere } from "./kill-everywhere.js";

const nats = natsOfTests();

test("a process of a cluster killed before any write from submit to visible result leaves one end and one result", async (context) => {
  const ground = clusterGround(nats);
  await killEverywhere(context, "before", { openStage: ground.openStage, parallel: 3 });
  assert.ok(ground.unfinished > 0, "one was killed in the middle of an upload");
});
