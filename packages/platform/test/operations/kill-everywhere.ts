/**
 * Kills a process at every write between submit and visible result, lets another one recover, and asserts that there is one end,
 * one result, and nothing else that anyone can see.
 */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  FileObjectStore,
  FileStateStore,
  MemoryEventBus,
  MemoryWorkQueue,
  Operations,
  systemClock,
} from "@pssr/platform";
import { temporaryDirectory } from "../temporary-directory.js";
import { live } from "./life.js";
import { parts, type Task } from "./mortal-task.js";
import { readThing, thingKind } from "./thing-kind.js";

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

async function assertOneResult(directory: string, at: string): Promise<void> {
  const state = await FileStateStore.open(join(directory, "state"));
  const objects = await FileObjectStore.open(join(directory, "objects"));
  const records = await state.list("operations/", { limit: 10 });
  assert.deepEqual(
    (await state.list("things/", { limit: 10 })).map(({ key }) => key.replace("things/p1/", "operations/p1/thing-")),
    records.map(({ key }) => key),
    at,
  );
  assert.equal(records.length, 1, at);
  const record = JSON.parse(new TextDecoder().decode(records[0]?.value));
  assert.deepEqual([record.state, record.materialised], ["SUCCEEDED", true], at);
  const thing = await readThing(state, "p1", record.resource);
  assert.equal(thing?.state, "READY", at);
  const made: string[] = JSON.parse(thing.value ?? "");
  for (const [i, key] of made.entries()) assert.deepEqual(await objects.getBytes(key, 1_000_000), parts[i], at);

  // A day later what the lost attempt wrote is gone, and only that.
  const queue = new MemoryWorkQueue();
  const dayAfter = new Operations(
    { state, objects, queue, events: new MemoryEventBus() },
    {
      exclusive: true,
      report: (error) => assert.fail(String(error)),
      clock: { ...systemClock, now: () => Date.now() + 25 * 3_600_000 },
    },
  );
  dayAfter.register(thingKind(state, () => assert.fail("it runs again")));
  await dayAfter.start();
  await dayAfter.sweep();
  await dayAfter.close();
  queue.close();
  const left: string[] = [];
  for await (const { key } of objects.list("")) left.push(key);
  assert.deepEqual(left, [...made].sort(), at);
  for (const folder of ["objects", "state/entries", "state/meta"]) {
    assert.deepEqual(await readdir(join(directory, folder, ".tmp")), [], at);
  }
}
