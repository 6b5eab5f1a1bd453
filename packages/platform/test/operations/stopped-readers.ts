/**
 * A job that tells its progress a hundred thousand times, watched by readers that have stopped reading. Prints what that took.
 * Needs --expose-gc; the argument is a folder for its data.
 */
import { setMaxListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { ConflatedQueue } from "../../dist/events/conflated-queue.js";
import { MemoryEventBus } from "../../dist/events/memory-event-bus.js";
import { FileObjectStore } from "../../dist/objects/file-object-store.js";
import { decodeOperationEvent } from "../../dist/operations/operation-event.js";
import { Operations } from "../../dist/operations/operations.js";
import type { OperationView } from "../../dist/operations/view.js";
import { MemoryWorkQueue } from "../../dist/queue/memory-work-queue.js";
import { FileStateStore } from "../../dist/state/file-state-store.js";
import { readText, text, thingKind } from "./thing-kind.js";

export interface StoppedReadersReport {
  /** Milliseconds of computing while the job told everything, without readers, and with those that had stopped. */
  aloneMs: number;
  watchedMs: number;
  /** By how much the heap had grown when the job had told everything, bytes. */
  grownBytes: number;
  /** What each watcher got once it read again: states, and the last progress. */
  watched: { states: string[]; progress: string | undefined }[];
  /** The first event that each subscriber got once it read again. */
  subscribed: string[];
  /** Queues for readers that were left when all had ended or gone away, more than before they came. */
  leftQueues: number;
}

const tellings = 100_000;
const readers = 50;
const padding = "x".repeat(1000);

const directory = process.argv[2] ?? "";
const events = new MemoryEventBus();
const queue = new MemoryWorkQueue();
const state = await FileStateStore.open(`${directory}/state`);
const objects = await FileObjectStore.open(`${directory}/objects`);
const operations = new Operations(
  { state, objects, queue, events },
  {
    exclusive: true,
    report: (error) => {
      throw error;
    },
  },
);

let tookMs = 0;
let release: () => void = () => undefined;
let told: () => void = () => undefined;
operations.register(
  thingKind(state, async (job) => {
    const began = process.cpuUsage();
    for (let i = 1; i <= tellings; i++) {
      job.progress(text(`${i} ${padding}`));
      if (i % 20 === 0) await turn();
    }
    tookMs = process.cpuUsage(began).user / 1000;
    told();
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return { value: text("made") };
  }),
);
await operations.start();

async function begin(resource: string): Promise<{ name: string; allTold: Promise<void> }> {
  const allTold = new Promise<void>((resolve) => {
    told = resolve;
  });
  const { name } = await operations.submit({
    kind: "thing",
    project: "p1",
    principal: "ann",
    resource,
    request: text(""),
  });
  return { name, allTold };
}

async function usedBytes(): Promise<number> {
  // Twice: buffers are freed after the collection that found them dead.
  for (let i = 0; i < 2; i++) {
    globalThis.gc?.();
    await turn();
  }
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

async function openWatchers(name: string): Promise<void> {
  for (let i = 0; i < readers; i++) {
    const watcher = operations.watch(name)[Symbol.asyncIterator]();
    await watcher.next();
    watchers.push(watcher);
    // Some never come back: they are aborted, or left by their reader.
    await operations.watch(name, { signal: gone.signal })[Symbol.asyncIterator]().next();
    for await (const _view of operations.watch(name)) break;
  }
}

async function readSubscribers(): Promise<void> {
  for (const subscriber of subscribers.splice(0)) {
    const { value } = await subscriber.next();
    const told = decodeOperationEvent(value.data);
    report.subscribed.push(readText(told?.progress?.value)?.split(" ")[0] ?? "");
  }
}

async function readWatchers(): Promise<void> {
  for (const watcher of watchers.splice(0)) {
    const states: string[] = [];
    let progress: string | undefined;
    for (let next = await watcher.next(); next.done !== true; next = await watcher.next()) {
      states.push(next.value.state);
      progress = readText(next.value.progress)?.split(" ")[0];
    }
    report.watched.push({ states, progress });
  }
}

const alone = await begin("alone");
await alone.allTold;
const aloneMs = tookMs;
release();
await operations.wait(alone.name);

const queuesBefore = queryObjects(ConflatedQueue, { format: "count" });
const before = await usedBytes();
const watched = await begin("watched");
const stop = new AbortController();
const subscribers = Array.from({ length: readers }, () =>
  events.subscribe("operations/", { signal: stop.signal })[Symbol.asyncIterator](),
);
const watchers: AsyncIterator<OperationView>[] = [];
const gone = new AbortController();
setMaxListeners(0, stop.signal, gone.signal);
await openWatchers(watched.name);
await watched.allTold;
await turn();
const report: StoppedReadersReport = {
  aloneMs,
  watchedMs: tookMs,
  grownBytes: (await usedBytes()) - before,
  watched: [],
  subscribed: [],
  leftQueues: 0,
};
await readSubscribers();
release();
await operations.wait(watched.name);
await readWatchers();
stop.abort();
gone.abort();
await turn();
report.leftQueues = queryObjects(ConflatedQueue, { format: "count" }) - queuesBefore;
await operations.close();
queue.close();
process.stdout.write(JSON.stringify(report));
