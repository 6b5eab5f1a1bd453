/**
 * Lives of an embedded installation on a disk that fails at another call in each of them. Every life submits the same request
 * to a new data directory. The task is JSON in the first argument; the report goes to stdout.
 */
import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isPssrError } from "@pssr/api";
import { MemoryEventBus } from "../../dist/events/memory-event-bus.js";
import { FileObjectStore } from "../../dist/objects/file-object-store.js";
import { Operations } from "../../dist/operations/operations.js";
import { MemoryWorkQueue } from "../../dist/queue/memory-work-queue.js";
import { FileStateStore } from "../../dist/state/file-state-store.js";
import { Faults } from "../files/faulty-disk.js";
import { type FaultyLife, type FaultyReport, type FaultyTask, request } from "./faulty-life.js";
import { makeParts } from "./make-parts.js";
import { text, thingKind } from "./thing-kind.js";

/** How long an outage of the disk lasts after it was first felt. */
const outageMs = 20;

const faults = new Faults();
const { call, disk }: FaultyTask = JSON.parse(process.argv[2] ?? "");

async function live(number: number): Promise<{ life: FaultyLife; hit: boolean }> {
  const directory = `${faults.folder}/${call}-${disk}-${number}`;
  const life: FaultyLife = { directory, at: `${disk} at ${call} ${number}`, untyped: [] };
  const state = await FileStateStore.open(`${directory}/state`);
  const objects = await FileObjectStore.open(`${directory}/objects`);
  const queue = new MemoryWorkQueue();
  let feel: () => void = () => undefined;
  const felt = new Promise<void>((resolve) => {
    feel = resolve;
  });
  const took = (error: unknown, doing: string): void => {
    if (!isPssrError(error, "STORAGE_FULL") && !isPssrError(error, "UNAVAILABLE"))
      life.untyped.push(`${doing}: ${error}`);
    feel();
  };
  const operations = new Operations(
    { state, objects, queue, events: new MemoryEventBus() },
    { exclusive: true, sweepMs: 20, retryMs: 5, stopGraceMs: 100, report: took },
  );
  operations.register(thingKind(state, (job) => makeParts(job, objects), { leaseMs: 60_000, heartbeatMs: 30_000 }));
  await operations.start();

  await faults.begin({ call, number, mode: disk === "pass" ? "once" : "on" });
  const submit = () => operations.submit({ ...request, request: text("make") });
  const submitted = await submit().catch((error: unknown) => {
    took(error, "submitting");
    life.refusal = isPssrError(error) ? error.reason : "none";
  });
  const ended = submitted && operations.wait(submitted.name);
  ended?.catch(() => undefined); // of a shutdown; awaited below otherwise
  let hit = false;
  if (disk !== "pass") {
    await Promise.race([felt, ended]);
    await sleep(outageMs);
    // What can be read is read all the while.
    for (const { name } of operations.list({}).operations) await operations.get(name);
    for await (const { key } of objects.list("")) await objects.stat(key);
    if (disk === "shutdown") await operations.close();
    hit = await faults.end();
  }
  if (disk !== "shutdown") {
    const view = await (ended ?? operations.wait((await submit()).name));
    life.state = `${view.state} ${view.error?.reason ?? ""}`.trim();
  }
  if (disk === "pass") hit = await faults.end();
  await operations.close();
  queue.close();
  return { life, hit };
}

const report: FaultyReport = { lives: [], handles: [] };
for (let number = 1, more = true; more; number++) {
  const { life, hit } = await live(number);
  report.lives.push(life);
  report.handles.push((await readdir("/proc/self/fd")).length);
  more = hit;
}
process.stdout.write(JSON.stringify(report));
