/** What an installation must hold once the one request of these tests is done, whatever happened on the way. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  FileObjectStore,
  FileStateStore,
  MemoryEventBus,
  MemoryWorkQueue,
  Operations,
  type Ports,
} from "@pssr/platform";
import { type Parts, parts } from "./mortal-task.js";
import { readThing, thingKind } from "./thing-kind.js";

export interface OneResultOptions {
  exclusive: boolean;
  /** Contents of the objects of an undisturbed run. */
  made: Parts;
  /** Awaited while a worker is there, a day later. */
  settled?: () => Promise<void>;
}

/** One end, one result with the bytes of an undisturbed run, and a day later nothing else. `at` says what happened. */
export async function assertOneResult(directory: string, at: string): Promise<void> {
  const queue = new MemoryWorkQueue();
  const ports = {
    state: await FileStateStore.open(join(directory, "state")),
    objects: await FileObjectStore.open(join(directory, "objects")),
    queue,
    events: new MemoryEventBus(),
  };
  await assertOneResultOn(ports, at, { exclusive: true, made: parts });
  queue.close();
  for (const folder of ["objects", "state/entries", "state/meta"]) {
    assert.deepEqual(await readdir(join(directory, folder, ".tmp")), [], at);
  }
}

/** The same on any ports. */
export async function assertOneResultOn(ports: Ports, at: string, options: OneResultOptions): Promise<void> {
  const { state, objects } = ports;
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
  assert.equal(made.length, options.made.length, at);
  for (const [i, key] of made.entries()) {
    const bytes = await objects.getBytes(key, 10_000_000);
    assert.equal(Buffer.compare(bytes, options.made[i]!), 0, `${at}: ${key} has other bytes`);
  }

  // A day later what the lost attempt wrote is gone, and only that.
  let hourMs = 0;
  const dayAfter = new Operations(ports, {
    exclusive: options.exclusive,
    report: (error) => assert.fail(String(error)),
    clock: { now: () => Date.now() + 25 * 3_600_000 + hourMs, monotonic: () => performance.now() + hourMs },
  });
  dayAfter.register(thingKind(state, () => assert.fail("it runs again")));
  await dayAfter.start();
  await dayAfter.sweep();
  hourMs = 3_600_000;
  await dayAfter.sweep();
  await options.settled?.();
  await dayAfter.close();
  const left: string[] = [];
  for await (const { key } of objects.list("")) left.push(key);
  assert.deepEqual(left, [...made].sort(), at);
}
