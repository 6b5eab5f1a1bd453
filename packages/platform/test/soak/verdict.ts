/** What must hold when a soak is over: of every operation that was ever asked for, and of what lies in the stores. */
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection as Nats } from "@nats-io/transport-node";
import { type ObjectStore, Operations, type Ports, S3ObjectStore } from "@pssr/platform";
import { thingKind } from "../operations/thing-kind.js";
import type { Callers } from "./callers.js";
import { type History, hasEnded, type Stored } from "./history.js";
import type { Journal } from "./journal.js";
import { type SoakRequest, stepBytes } from "./soak-request.js";
import type { Measurement, Orders } from "./worker-messages.js";

const hourMs = 3_600_000;
const readsAtOnce = 8;
/** What an idle worker may hold beyond what it held early on: connections to S3 that wait for their next use. */
const moreFiles = 24;
const moreHeapBytes = 12 * 2 ** 20;
/** What a process keeps of each operation, at most. */
const heapBytesPerOperation = 8 * 1024;

/** Every operation has its one end, and everything that anyone can see says the same. */
export async function judgeOperations(
  history: History,
  callers: Callers,
  objects: ObjectStore,
  journal: Journal,
): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  for (const key of callers.acknowledged) {
    if (!history.operations.has(key)) journal.violation(`${key} was acknowledged and is not there`);
  }
  for (const key of history.things.keys()) {
    if (!history.operations.has(operationOf(key))) journal.violation(`${key} is of no operation`);
  }
  const left = [...history.operations];
  const judge = async (): Promise<void> => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) {
      const [key, { record }] = one;
      const request = callers.requests.get(key);
      const end = record.error?.reason ?? record.state;
      ends.set(end, (ends.get(end) ?? 0) + 1);
      const wrong = (what: string): void => journal.violation(`${key}: ${what}: ${JSON.stringify(record)}`);
      if (request === undefined) wrong("nobody has asked for it");
      else if (!hasEnded(record)) wrong("it has not ended");
      else await judgeEnd(record, request, { history, callers, objects, key, wrong });
    }
  };
  await Promise.all(Array.from({ length: readsAtOnce }, judge));
  return ends;
}

interface Judged {
  key: string;
  history: History;
  callers: Callers;
  objects: ObjectStore;
  wrong(what: string): void;
}

async function judgeEnd(record: Stored, request: SoakRequest, judged: Judged): Promise<void> {
  const { key, history, callers, wrong } = judged;
  const thing = history.things.get(thingOf(key))?.thing;
  if (thing?.operation !== record.id) wrong(`its thing is ${JSON.stringify(thing)}`);
  if (record.state === "SUCCEEDED") {
    if (request.fate === "fails") wrong("it succeeded and was to fail");
    return judgeResult(record, request, judged);
  }
  if (record.result !== undefined || thing?.value !== undefined || thing?.state !== "FAILED") {
    wrong(`it did not succeed and shows a result, or none of its end: ${JSON.stringify(thing)}`);
  }
  const reason = record.error?.reason;
  const isAsItShould =
    (record.state === "CANCELLED" && reason === "CANCELLED" && callers.cancelled.has(key)) ||
    (record.state === "FAILED" && reason === "INVALID_MODEL" && request.fate === "fails") ||
    (record.state === "FAILED" && reason === "WORKER_CRASHED"); // judged by its losses when it was given up
  if (!isAsItShould) wrong("it ended as nothing explains");
}

/** The bytes of an undisturbed run, whichever attempts made them. */
async function judgeResult(
  record: Stored,
  request: SoakRequest,
  { key, history, objects, wrong }: Judged,
): Promise<void> {
  const told = Buffer.from(record.result?.value.bytes ?? "", "base64").toString();
  const thing = history.things.get(thingOf(key))?.thing;
  if (thing?.state !== "READY" || thing.value !== told)
    wrong(`its thing does not show its result: ${JSON.stringify(thing)}`);
  const made: string[] = JSON.parse(told);
  if (made.length !== request.steps.length) wrong(`its result has ${made.length} objects of ${request.steps.length}`);
  for (const [step, object] of made.entries()) {
    try {
      const bytes = await objects.getBytes(object, 10_000_000);
      if (Buffer.compare(bytes, stepBytes(request, step)) !== 0) wrong(`${object} has other bytes`);
    } catch (error) {
      wrong(`${object} cannot be read: ${error}`);
    }
  }
}

/** A day later the objects of attempts that lost are gone, all of them and no others. Resolves with how many there were. */
export async function judgeTheDayAfter(ports: Ports, history: History, journal: Journal): Promise<number> {
  const before = await keysOf(ports.objects);
  let laterMs = 0;
  let failures = 0;
  const operations = new Operations(ports, {
    exclusive: false,
    report: (error, doing) => {
      failures += 1;
      journal.note(`a day later, ${doing}: ${error}`);
    },
    clock: { now: () => Date.now() + 25 * hourMs + laterMs, monotonic: () => performance.now() + laterMs },
  });
  const run = () => Promise.reject(new Error("it runs again"));
  operations.register(thingKind(ports.state, run, { concurrency: 0 }));
  await operations.start();
  await operations.sweep();
  laterMs = hourMs;
  // Where one fails, the next does the rest.
  for (let sweeps = 0; sweeps === 0 || (failures > 0 && sweeps < 3); sweeps++) {
    failures = 0;
    await operations.sweep();
  }
  await operations.close();
  const after = await keysOf(ports.objects);
  const kept = new Set<string>();
  for (const { record } of history.operations.values())
    for (const key of record.result?.keepObjects ?? []) kept.add(key);
  for (const key of after)
    if (!kept.has(key)) journal.violation(`a day later ${key} is there and belongs to no result`);
  for (const key of kept) if (!after.has(key)) journal.violation(`a day later ${key} of a result is gone`);
  return before.size - after.size;
}

/** No job is left, and of all the workers one consumer, which waits for nothing. Undefined where it is so. */
export async function leftInQueue(nats: Nats, name: string): Promise<string | undefined> {
  const manager = await jetstreamManager(nats);
  const stream = `${name}_jobs_thing`;
  const { state } = await manager.streams.info(stream);
  const consumers = await manager.consumers.list(stream).next();
  const found = consumers.map(({ name: consumer, num_ack_pending }) => `${consumer} with ${num_ack_pending} claims`);
  const isEmpty = state.messages === 0 && found.join() === "workers with 0 claims";
  return isEmpty ? undefined : `${stream} holds ${state.messages} jobs; its consumers: ${found.join(", ")}`;
}

/** Followers of records and events that the server still keeps for workers that are gone, until it forgets them by itself. */
export async function consumersLeft(nats: Nats, name: string): Promise<number> {
  const manager = await jetstreamManager(nats);
  const streams = await Promise.all([`KV_${name}`, `${name}_events`].map((stream) => manager.streams.info(stream)));
  return streams.reduce((sum, { state }) => sum + state.consumer_count, 0);
}

/** How much one process holds, with so many operations known. */
export type Holding = Measurement & { operations: number };

/** What was there from early on to the end has given back all that its jobs took. */
export function judgeSurvivor(early: Holding, late: Holding, journal: Journal): void {
  const bytes = early.heapBytes + moreHeapBytes + (late.operations - early.operations) * heapBytesPerOperation;
  if (late.heapBytes > bytes) {
    journal.violation(`the worker that was never killed holds ${late.heapBytes} bytes; at most ${bytes} are expected`);
  }
  if (late.openFiles > early.openFiles + moreFiles) {
    journal.violation(`the worker that was never killed has ${late.openFiles} open files; early on ${early.openFiles}`);
  }
}

/** What workers that died in the middle of an upload left can be ended, all of it. Resolves with how many there were. */
export async function endUploads(cluster: Orders["cluster"], journal: Journal): Promise<number> {
  const objects = await S3ObjectStore.open(cluster);
  try {
    const ended = await objects.removeStaleUploads(0);
    const left = await objects.removeStaleUploads(0);
    if (left > 0) journal.violation(`${left} unfinished uploads could not be ended`);
    return ended;
  } finally {
    objects.close();
  }
}

async function keysOf(objects: ObjectStore): Promise<Set<string>> {
  const keys = new Set<string>();
  for await (const { key } of objects.list("")) keys.add(key);
  return keys;
}

function thingOf(operation: string): string {
  return operation.replace("operations/p1/thing-", "things/p1/");
}

function operationOf(thing: string): string {
  return thing.replace("things/p1/", "operations/p1/thing-");
}
