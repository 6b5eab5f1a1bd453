/**
 * One life of an embedded installation, as a process of its own: it locks the data directory, submits the same request as
 * in every life before, and waits for its end. Its task is JSON in the first argument; its report goes to stdout.
 */
import type { JobContext, JobResult, ObjectStore } from "@pssr/platform";
import { MemoryEventBus } from "../../dist/events/memory-event-bus.js";
import { FileObjectStore } from "../../dist/objects/file-object-store.js";
import { Operations } from "../../dist/operations/operations.js";
// Not through the package's index: this program starts dozens of times, and needs none of the rest.
import { DataDirectory } from "../../dist/ports/data-directory.js";
import { MemoryWorkQueue } from "../../dist/queue/memory-work-queue.js";
import { FileStateStore } from "../../dist/state/file-state-store.js";
import { killingPorts, WriteCounter } from "./killing-ports.js";
import { makeParts } from "./make-parts.js";
import type { Report, Task } from "./mortal-task.js";
import { text, thingKind } from "./thing-kind.js";

async function run(job: JobContext, objects: ObjectStore, task: Task): Promise<JobResult> {
  if (task.job === "make") return makeParts(job, objects);
  if (task.job === "die-after-checkpoint") {
    if (job.attempt > 4) return { value: text("survived") };
    await job.checkpoint(job.attempt);
  }
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => undefined);
}

const task: Task = JSON.parse(process.argv[2] ?? "");
const directory = await DataDirectory.lock(task.directory);
const counter = new WriteCounter(task.kill);
const queue = new MemoryWorkQueue();
const objects = await FileObjectStore.open(`${directory.path}/objects`);
const ports = killingPorts(
  {
    state: await FileStateStore.open(`${directory.path}/state`),
    objects,
    queue,
    events: new MemoryEventBus(),
  },
  counter,
);
const operations = new Operations(ports, {
  exclusive: true,
  report: (error, doing) => {
    process.stderr.write(`${doing}: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  },
});
operations.register(
  thingKind(ports.state, (job) => run(job, ports.objects, task), {
    leaseMs: 60_000,
    heartbeatMs: 30_000,
  }),
);
await operations.start();
const { name } = await operations.submit({
  kind: "thing",
  project: "p1",
  principal: "ann",
  requestId: "the-one",
  request: text("make"),
});
const view = await operations.wait(name);
await operations.close();
queue.close();
await directory.close();
const report: Report = {
  writes: counter.log,
  state: view.state,
  attempt: view.attempt,
  reason: view.error?.reason,
  message: view.error?.message,
};
process.stdout.write(JSON.stringify(report));
