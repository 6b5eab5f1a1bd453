import assert from "node:assert/strict";
import { test } from "node:test";
import { temporaryDirectory } from "../temporary-directory.js";
import { live } from "./life.js";
import type { Task } from "./mortal-task.js";

test("work that kills its process three times without progress ends, and says how often", async (context) => {
  const task: Task = {
    ground: { directory: await temporaryDirectory(context) },
    kill: { write: 0, when: "before" },
    job: "die",
  };
  for (let life = 1; life <= 3; life++) assert.equal(await live(task), undefined, `life ${life}`);
  const report = await live(task);
  assert.deepEqual([report?.state, report?.reason, report?.attempt], ["FAILED", "WORKER_CRASHED", 3]);
  assert.match(report?.message ?? "", /3 times/);
});

test("crashes with a checkpoint between them are not added up", async (context) => {
  const task: Task = {
    ground: { directory: await temporaryDirectory(context) },
    kill: { write: 0, when: "before" },
    job: "die-after-checkpoint",
  };
  for (let life = 1; life <= 4; life++) assert.equal(await live(task), undefined, `life ${life}`);
  assert.deepEqual([(await live(task))?.state, (await live(task))?.attempt], ["SUCCEEDED", 5]);
});
