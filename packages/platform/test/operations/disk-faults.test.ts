import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { FileObjectStore, FileStateStore, MemoryEventBus, MemoryWorkQueue, Operations } from "@pssr/platform";
import { FaultyDisk, faultsNeedLinux } from "../files/faulty-disk.js";
import { type FaultyReport, type FaultyTask, request } from "./faulty-life.js";
import { makeParts } from "./make-parts.js";
import { assertOneResult } from "./one-result.js";
import { text, thingKind } from "./thing-kind.js";

const program = new URL("faulty-installation.js", import.meta.url);

/** A process after the one whose disk failed: submits the same request. */
async function liveOn(directory: string, at: string): Promise<void> {
  const state = await FileStateStore.open(`${directory}/state`);
  const objects = await FileObjectStore.open(`${directory}/objects`);
  const queue = new MemoryWorkQueue();
  const operations = new Operations(
    { state, objects, queue, events: new MemoryEventBus() },
    { exclusive: true, report: (error, doing) => assert.fail(`${at}: ${doing}: ${error}`) },
  );
  operations.register(thingKind(state, (job) => makeParts(job, objects), { leaseMs: 60_000, heartbeatMs: 30_000 }));
  await operations.start();
  const view = await operations.wait((await operations.submit({ ...request, request: text("make") })).name);
  assert.deepEqual([view.state, view.error], ["SUCCEEDED", undefined], at);
  await operations.close();
  queue.close();
}

async function failEverywhere(
  context: TestContext,
  calls: FaultyTask["call"][],
  disk: FaultyTask["disk"],
): Promise<void> {
  const ground = await FaultyDisk.open(context);
  const told = new Set<string>();
  let count = 0;
  for (const call of calls) {
    const { lives, handles } = await ground.run<FaultyReport>(program, JSON.stringify({ call, disk }));
    assert.equal(new Set(handles).size, 1, `file handles come back: ${handles}`);
    for (const { directory, at, refusal, state, untyped } of lives) {
      count += 1;
      if (refusal !== undefined) told.add(`${call}: ${refusal}`);
      assert.deepEqual(untyped, [], at);
      if (disk !== "shutdown") assert.equal(state, "SUCCEEDED", at);
      await liveOn(directory, at);
      await assertOneResult(directory, at);
    }
  }
  const reasons: Partial<Record<FaultyTask["call"], string>> = {
    write: "STORAGE_FULL",
    link: "STORAGE_FULL",
    mkdir: "STORAGE_FULL",
  };
  assert.deepEqual([...told].sort(), calls.map((call) => `${call}: ${reasons[call] ?? "UNAVAILABLE"}`).sort());
  context.diagnostic(`${count} lives`);
}

for (const [disk, what] of [
  ["pass", "fails once"],
  ["outage", "fails for a while"],
  ["shutdown", "fails until the process has ended"],
] as const) {
  test(
    `a disk that is full or breaks, and ${what}, at any call from submit to visible result, costs nothing`,
    faultsNeedLinux,
    async (context) => {
      await Promise.all([
        failEverywhere(context, ["write", "mkdir"], disk),
        failEverywhere(context, ["fsync", "rename"], disk),
      ]);
    },
  );
}
