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

/** Where the lives of one request take place. */
export interface Stage {
  ground: Task["ground"];
  /** What must hold once the request is done. */
  assertOneResult(at: string): Promise<void>;
}

export interface KillEverywhereOptions {
  /** Default: a data directory. */
  openStage?: (context: TestContext) => Promise<Stage>;
  /** Stages at once. Default 2. */
  parallel?: number;
}

async function openDirectory(context: TestContext): Promise<Stage> {
  const directory = await temporaryDirectory(context);
  return { ground: { directory }, assertOneResult: (at) => assertOneResult(directory, at) };
}

/** Kills at the first write, at the second, and so on until a run has no further one. */
export async function killEverywhere(
  context: TestContext,
  when: "before" | "after",
  { openStage = openDirectory, parallel = 2 }: KillEverywhereOptions = {},
): Promise<void> {
  const { ground } = await openStage(context);
  const complete = await live({ ground, kill: { write: 0, when }, job: "make" });
  assert.equal(complete?.state, "SUCCEEDED");
  assert.ok(complete.writes.length >= 12, complete.writes.join("\n"));
  let write = 1;
  for (let finished = false; !finished; write += parallel) {
    const outcomes = await Promise.all(
      Array.from({ length: parallel }, (_, i) => killAndRecover(context, openStage, { write: write + i, when })),
    );
    finished = outcomes.includes("undisturbed");
    assert.ok(write <= 2 * complete.writes.length, "the writes of a run have an end");
  }
  const reached = write > complete.writes.length - parallel - 1;
  assert.ok(reached, `only ${write} of ${complete.writes.length} writes were reached`);
  context.diagnostic(`killed ${when} each of about ${complete.writes.length} writes`);
}

async function killAndRecover(
  context: TestContext,
  openStage: (context: TestContext) => Promise<Stage>,
  kill: Task["kill"],
): Promise<"killed" | "undisturbed"> {
  const stage = await openStage(context);
  const { ground } = stage;
  const first = await live({ ground, kill, job: "make" });
  const second = await live({ ground, kill: { write: 0, when: "before" }, job: "make" });
  const at = `killed ${kill.when} write ${kill.write}`;
  assert.equal(second?.state, "SUCCEEDED", at);
  assert.ok(second.attempt <= 2, at);
  await stage.assertOneResult(at);
  return first === undefined ? "killed" : "undisturbed";
}
