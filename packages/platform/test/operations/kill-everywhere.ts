/**
 * Kills a process at every write between submit and visible result, lets another one recover, and asserts that there is one end,
 * one result, and nothing else that anyone can see.
 */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "../temporary-directory.js";
import { live } from "./life.js";
import type { Task } from "./mortal-task.js";
import { assertOneResult } from "./one-result.js";

/** Kills at the first write, at the second, and so on until a run has no further one. */
export async function killEverywhere(context: TestContext, when: "before" | "after"): Promise<void> {
  const directory = await temporaryDirectory(context);
  const complete = await live({ directory, kill: { write: 0, when }, job: "make" });
  assert.equal(complete?.state, "SUCCEEDED");
  assert.ok(complete.writes.length >= 12, complete.writes.join("\n"));
  let write = 1;
  for (let finished = false; !finished; write += 2) {
    const outcomes = await Promise.all([
      killAndRecover(context, { write, when }),
      killAndRecover(context, { write: write + 1, when }),
    ]);
    finished = outcomes.includes("undisturbed");
    assert.ok(write <= 2 * complete.writes.length, "the writes of a run have an end");
  }
  assert.ok(write > complete.writes.length - 3, `only ${write} of ${complete.writes.length} writes were reached`);
  context.diagnostic(`killed ${when} each of about ${complete.writes.length} writes`);
}

async function killAndRecover(context: TestContext, kill: Task["kill"]): Promise<"killed" | "undisturbed"> {
  const directory = await temporaryDirectory(context);
  const first = await live({ directory, kill, job: "make" });
  const second = await live({ directory, kill: { write: 0, when: "before" }, job: "make" });
  const at = `killed ${kill.when} write ${kill.write}`;
  assert.equal(second?.state, "SUCCEEDED", at);
  assert.ok(second.attempt <= 2, at);
  await assertOneResult(directory, at);
  return first === undefined ? "killed" : "undisturbed";
}
