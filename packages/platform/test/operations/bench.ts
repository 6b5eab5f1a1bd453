/** Real embedded adapters in a directory of the test's own, and operations on them that close when the test ends. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  FileObjectStore,
  FileStateStore,
  type JobContext,
  type JobKind,
  type JobResult,
  MemoryEventBus,
  MemoryWorkQueue,
  Operations,
  type OperationsSettings,
  type Ports,
} from "@pssr/platform";
import { thingKind } from "./thing-kind.js";

export interface Bench {
  ports: Ports;
  /** What the operations reported. */
  reports: { error: unknown; doing: string }[];
  /** Operations of one process on the ports, with jobs that make things; started. */
  start(
    run: (job: JobContext) => Promise<JobResult>,
    options?: { kind?: Partial<JobKind>; settings?: Partial<OperationsSettings>; ports?: Partial<Ports> },
  ): Promise<Operations>;
}

export async function openBench(context: TestContext): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), "pssr-operations-"));
  const queue = new MemoryWorkQueue({ visibilityMs: 300 });
  const ports: Ports = {
    state: await FileStateStore.open(`${directory}/state`),
    objects: await FileObjectStore.open(`${directory}/objects`),
    queue,
    events: new MemoryEventBus(),
  };
  const reports: Bench["reports"] = [];
  const started: Operations[] = [];
  context.after(async () => {
    await Promise.all(started.map((operations) => operations.close()));
    queue.close();
    await rm(directory, { recursive: true });
  });
  return {
    ports,
    reports,
    async start(run, options = {}) {
      const own = { ...ports, ...options.ports };
      const operations = new Operations(own, {
        exclusive: false,
        sweepMs: 50,
        retryMs: 10,
        report: (error, doing) => reports.push({ error, doing }),
        ...options.settings,
      });
      operations.register(thingKind(own.state, run, options.kind));
      await operations.start();
      started.push(operations);
      return operations;
    },
  };
}

/** Something that happens once; a test waits for it instead of for time to pass. */
export interface Moment<T = void> {
  happen(value: T): void;
  happened: Promise<T>;
}

export function moment<T = void>(): Moment<T> {
  let happen: (value: T) => void = () => undefined;
  const happened = new Promise<T>((resolve) => {
    happen = resolve;
  });
  return { happen, happened };
}

/** Rejects with the signal's reason once that is aborted: what a job does that is interrupted while it waits. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
