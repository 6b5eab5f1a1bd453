/**
 * One life of an installation, as a process of its own: it opens its ground, submits the same request as in every life before,
 * and waits for its end. Its task is JSON in the first argument; its report goes to stdout.
 */
import type { JobContext, JobResult, ObjectStore, OpenPorts } from "@pssr/platform";
// Not through the package's index: this program starts dozens of times, and needs none of the rest.
import { Operations } from "../../dist/operations/operations.js";
import { killingPorts, WriteCounter } from "./killing-ports.js";
import { makeParts } from "./make-parts.js";
import { clusterParts, parts, type Report, type Task } from "./mortal-task.js";
import { text, thingKind } from "./thing-kind.js";

/** In a cluster another process must wait until a dead one's time is over. */
const clusterLeaseMs = 500;

const task: Task = JSON.parse(process.argv[2] ?? "");
const inCluster = "cluster" in task.ground;

function report(error: unknown, doing: string): void {
  process.stderr.write(`${doing}: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
}

async function openGround(): Promise<OpenPorts> {
  if ("cluster" in task.ground) {
    const { openClusterPorts } = await import("../../dist/ports/cluster-ports.js");
    return openClusterPorts(task.ground.cluster, { report, visibilityMs: clusterLeaseMs });
  }
  const { openEmbeddedPorts } = await import("../../dist/ports/embedded-ports.js");
  return openEmbeddedPorts(task.ground.directory);
}

async function run(job: JobContext, objects: ObjectStore): Promise<JobResult> {
  if (task.job === "make") return makeParts(job, objects, inCluster ? clusterParts : parts);
  if (task.job === "die-after-checkpoint") {
    if (job.attempt > 4) return { value: text("survived") };
    await job.checkpoint(job.attempt);
  }
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => undefined);
}

const open = await openGround();
const counter = new WriteCounter(task.kill);
const ports = killingPorts(open.ports, counter);
const operations = new Operations(ports, {
  exclusive: open.exclusive,
  ...(inCluster ? { sweepMs: clusterLeaseMs / 2 } : {}),
  report,
});
operations.register(
  thingKind(ports.state, (job) => run(job, ports.objects), {
    leaseMs: inCluster ? clusterLeaseMs : 60_000,
    heartbeatMs: inCluster ? clusterLeaseMs / 2 : 30_000,
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
await open.close();
const told: Report = {
  writes: counter.log,
  state: view.state,
  attempt: view.attempt,
  reason: view.error?.reason,
  message: view.error?.message,
};
process.stdout.write(JSON.stringify(told));
