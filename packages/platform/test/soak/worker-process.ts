/** A worker of a soak, as a process of its own: operations on the ports of a cluster. It does what the driver says over IPC. */
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isPssrError } from "@pssr/api";
import type { OpenPorts, Ports } from "@pssr/platform";
import { JobAborted } from "../../dist/operations/job.js";
import { newClaimant } from "../../dist/operations/lease.js";
// Not through the package's index: this program starts hundreds of times, and needs none of the rest.
import { Operations } from "../../dist/operations/operations.js";
import { openClusterPorts } from "../../dist/ports/cluster-ports.js";
import { killingPorts, WriteCounter } from "../operations/killing-ports.js";
import { thingKind } from "../operations/thing-kind.js";
import { runSoakJob } from "./soak-job.js";
import { submissionOf } from "./soak-request.js";
import {
  type Call,
  type FromWorker,
  leaseMs,
  type Measurement,
  type Orders,
  stopGraceMs,
  type ToWorker,
} from "./worker-messages.js";

/** A pause in which no heartbeat was made, or none arrived, is told from this on. */
const toldPauseMs = leaseMs / 2;
const lookMs = 50;

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
process.once("disconnect", () => {
  if (!stop.signal.aborted) process.exit(1); // the driver is gone
});

function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, {}, () => resolve()));
}

function report(error: unknown, doing: string): void {
  const shown = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${doing}: ${isPssrError(error) ? `${error.reason} ${error.message}` : shown}\n`);
  const isTyped = isPssrError(error) || error instanceof JobAborted;
  if (!isTyped) void tell({ type: "untyped", error: `${doing}: ${shown}` });
}

/** As long as it takes: a worker that is started while a server is away waits for it. */
async function openPorts(cluster: Orders["cluster"]): Promise<OpenPorts | undefined> {
  while (!stop.signal.aborted) {
    try {
      return await openClusterPorts(cluster, { report, visibilityMs: leaseMs, signal: stop.signal });
    } catch (error) {
      if (stop.signal.aborted) break;
      if (!isPssrError(error, "UNAVAILABLE")) throw error;
      report(error, "opening the ports");
      await sleep(100);
    }
  }
  return undefined;
}

/** The same ports, whose slow writes of records are told. */
function observed(ports: Ports): Ports {
  const { state } = ports;
  return {
    ...ports,
    state: {
      get: (...call) => state.get(...call),
      put: async (...call) => {
        const fromMs = Date.now();
        try {
          return await state.put(...call);
        } finally {
          tellPause(fromMs, "a write of a record was slow");
        }
      },
      delete: (...call) => state.delete(...call),
      list: (...call) => state.list(...call),
      watch: (...call) => state.watch(...call),
    },
  };
}

function tellPause(fromMs: number, why: string): void {
  const toMs = Date.now();
  if (toMs - fromMs > toldPauseMs) void tell({ type: "stalled", fromMs, toMs, why });
}

async function measure(): Promise<Measurement> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await sleep(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  return { heapBytes: heapUsed + external, openFiles: readdirSync("/proc/self/fd").length };
}

async function work(orders: Orders): Promise<void> {
  const open = await openPorts(orders.cluster);
  if (open === undefined) return;
  const { kill } = orders;
  const ports = observed(kill === undefined ? open.ports : killingPorts(open.ports, new WriteCounter(kill)));
  const operations = new Operations(ports, {
    exclusive: false,
    sweepMs: leaseMs / 2,
    retryMs: 100,
    stopGraceMs,
    report,
  });
  operations.register(
    thingKind(ports.state, (job) => runSoakJob(job, ports.objects), {
      concurrency: orders.concurrency,
      leaseMs,
      heartbeatMs: leaseMs / 5,
    }),
  );
  await tell({ type: "claimant", claimant: newClaimant().split("/", 1)[0] ?? "" });
  await operations.start();
  const obey = async (call: Call): Promise<unknown> => {
    switch (call.type) {
      case "submit": {
        const { name, attempt } = await operations.submit(submissionOf(call.request));
        return { name, attempt };
      }
      case "cancel":
        return operations.cancel(call.name);
      case "spare":
        if (kill !== undefined) kill.write = 0;
        return undefined;
      case "measure":
        return measure();
    }
  };
  process.on("message", (message: ToWorker) => {
    if (message.type !== "call") return;
    const { id, call } = message;
    obey(call).then(
      (value) => tell({ type: "answer", id, value }),
      (error: unknown) => {
        if (!isPssrError(error)) report(error, `answering ${call.type}`);
        const reason = isPssrError(error) ? error.reason : "untyped";
        return tell({ type: "refusal", id, reason, message: String(error) });
      },
    );
  });
  let lookedMs = Date.now();
  const look = setInterval(() => {
    tellPause(lookedMs, "the process stood still");
    lookedMs = Date.now();
  }, lookMs);
  await tell({ type: "ready" });
  if (!stop.signal.aborted) await once(stop.signal, "abort");
  clearInterval(look);
  await operations.close();
  await open.close();
}

const [begin] = (await once(process, "message")) as [ToWorker];
if (begin.type === "begin") await work(begin.orders);
// It ends by itself when nothing is open any more: what still is open would be a fault.
process.disconnect();
