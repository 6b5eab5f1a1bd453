/** An embedded installation on a machine whose clock jumps while a job runs and is swept. Prints a report. */
import { MemoryEventBus } from "../../dist/events/memory-event-bus.js";
import { FileObjectStore } from "../../dist/objects/file-object-store.js";
import { Operations } from "../../dist/operations/operations.js";
import { MemoryWorkQueue } from "../../dist/queue/memory-work-queue.js";
import { FileStateStore } from "../../dist/state/file-state-store.js";
import { Faults } from "../files/faulty-disk.js";
import { text, thingKind } from "./thing-kind.js";

export interface JumpReport {
  /** Years in which the first operation was submitted and had ended, as its record says. */
  years: number[];
  states: string[];
  attempts: number[];
  /** What was reported. */
  reports: string[];
}

const daySeconds = 86_400;
const faults = new Faults();
const state = await FileStateStore.open(`${faults.folder}/state`);
const objects = await FileObjectStore.open(`${faults.folder}/objects`);
const queue = new MemoryWorkQueue({ visibilityMs: 300 });
const report: JumpReport = { years: [], states: [], attempts: [], reports: [] };
const operations = new Operations(
  { state, objects, queue, events: new MemoryEventBus() },
  { exclusive: false, sweepMs: 20, report: (error, doing) => report.reports.push(`${doing}: ${error}`) },
);

/** The heartbeats of more than a lease. */
async function leaseLater(): Promise<void> {
  let changes = 0;
  for await (const change of state.watch("operations/")) if (change.type === "put" && ++changes === 20) return;
}

operations.register(
  thingKind(
    state,
    async (job) => {
      await objects.put(`${job.objectPrefix}part`, Uint8Array.of(1));
      for (const seconds of [daySeconds, -daySeconds, 400 * daySeconds, 0]) {
        await faults.setClock(seconds);
        await leaseLater();
      }
      return { value: text("made") };
    },
    { leaseMs: 300, heartbeatMs: 20, concurrency: 1 },
  ),
);
await operations.start();
await faults.setClock(-Math.floor(Date.now() / 1000));
for (const resource of ["one", "two"]) {
  const { name } = await operations.submit({
    kind: "thing",
    project: "p1",
    principal: "ann",
    resource,
    request: text("make"),
  });
  const view = await operations.wait(name);
  report.states.push(view.state);
  report.attempts.push(view.attempt);
  if (resource === "one")
    report.years = [view.submittedMs, view.endedMs ?? 0].map((ms) => new Date(ms).getUTCFullYear());
}
await operations.close();
queue.close();
process.stdout.write(JSON.stringify(report));
