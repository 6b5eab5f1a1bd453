/** Real ports that are the test's own, embedded or of a cluster, and operations on them that close when the test ends. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
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
  openClusterPorts,
  type Ports,
} from "@pssr/platform";
import { type NatsOfTests, natsOfTests, report } from "../nats/nats.js";
import { s3Config } from "../objects/s3-bucket.js";
import { thingKind } from "./thing-kind.js";

/** How long a claim holds without a heartbeat. */
const visibilityMs = 300;

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

type OpenBench = (context: TestContext) => Promise<Bench>;

/** Declares the tests once for the embedded ports and once for those of a cluster, on real servers. */
export function onEachGround(
  declare: (ground: {
    test: (name: string, run: (context: TestContext) => Promise<void>) => void;
    openBench: OpenBench;
  }) => void,
): void {
  const nats = natsOfTests();
  const grounds = {
    embedded: openEmbedded,
    cluster: () => openCluster(nats),
  };
  for (const [name, open] of Object.entries(grounds)) {
    declare({
      test: (title, run) => void test(`${name}: ${title}`, run),
      openBench: (context) => openBench(context, open),
    });
  }
}

interface Ground {
  ports: Ports;
  close(): Promise<void>;
}

async function openEmbedded(): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), "pssr-operations-"));
  const queue = new MemoryWorkQueue({ visibilityMs });
  const ports = {
    state: await FileStateStore.open(`${directory}/state`),
    objects: await FileObjectStore.open(`${directory}/objects`),
    queue,
    events: new MemoryEventBus(),
  };
  return {
    ports,
    async close() {
      queue.close();
      await rm(directory, { recursive: true });
    },
  };
}

async function openCluster(nats: NatsOfTests): Promise<Ground> {
  const config = { ...nats.config(), ...(await s3Config()) };
  return openClusterPorts(config, { visibilityMs, report });
}

async function openBench(context: TestContext, open: () => Promise<Ground>): Promise<Bench> {
  const reports: Bench["reports"] = [];
  const started: Operations[] = [];
  let ground: Ground | undefined;
  context.after(async () => {
    await Promise.all(started.map((operations) => operations.close()));
    await ground?.close();
  });
  ground = await open();
  const { ports } = ground;
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
