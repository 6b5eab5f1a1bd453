/** What a directory must hold once the one request of these tests is done, whatever happened on the way. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FileObjectStore, FileStateStore, MemoryEventBus, MemoryWorkQueue, Operations } from "@pssr/platform";
import { parts } from "./mortal-task.js";
import { readThing, thingKind } from "./thing-kind.js";

/** One end, one result with the bytes of an undisturbed run, and a day later nothing else. `at` says what happened. */
export async function assertOneResult(directory: string, at: string): Promise<void> {
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
  let hourMs = 0;
  const dayAfter = new Operations(
    { state, objects, queue, events: new MemoryEventBus() },
    {
      exclusive: true,
      report: (error) => assert.fail(String(error)),
      clock: { now: () => Date.now() + 25 * 3_600_000 + hourMs, monotonic: () => performance.now() + hourMs },
    },
  );
  dayAfter.register(thingKind(state, () => assert.fail("it runs again")));
  await dayAfter.start();
  await dayAfter.sweep();
  hourMs = 3_600_000;
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
