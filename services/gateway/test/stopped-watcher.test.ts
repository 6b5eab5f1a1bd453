import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Stream, connect, constants } from "node:http2";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Progress, WatchOperationRequest, WatchOperationResponse } from "@pssr/api";
import { type Operations, typedMessage } from "@pssr/platform";
import { type Bench, defer, openGateway } from "./bench.js";

const tellings = 100_000;
/** Progress is told to the watches once a turn of the event loop. */
const tellingsPerTurn = 20;
const MiB = 2 ** 20;

/** Counts the watches of a gateway that have not ended. */
class Watches {
  #open = 0;
  #changed: () => void = () => undefined;

  countIn(operations: Operations): void {
    const watch = operations.watch.bind(operations);
    operations.watch = (...call) => this.#counted(watch(...call));
  }

  async *#counted<T>(views: AsyncIterable<T>): AsyncGenerator<T> {
    this.#set(this.#open + 1);
    try {
      yield* views;
    } finally {
      this.#set(this.#open - 1);
    }
  }

  #set(open: number): void {
    this.#open = open;
    this.#changed();
  }

  /** Resolves once so many are open. */
  async count(wanted: number): Promise<void> {
    while (this.#open !== wanted) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}

/** A gateway to one operation, whose work tells its progress over and over once it may begin, and ends once it may end. */
async function openWork(t: TestContext) {
  const watches = new Watches();
  const mayBegin = defer();
  const told = defer();
  const mayEnd = defer();
  const bench = await openGateway(t, {
    prepare: (operations) => {
      watches.countIn(operations);
      operations.register({
        kind: "thing",
        concurrency: 1,
        materialise: async () => {},
        run: async ({ progress }) => {
          await mayBegin.promise;
          for (let i = 1; i <= tellings; i++) {
            progress(
              typedMessage("Progress", Progress.encode(Progress.create({ done: BigInt(i), unit: "steps" })).finish()),
            );
            if (i % tellingsPerTurn === 0) await turn();
          }
          told.resolve();
          await mayEnd.promise;
          return { value: { type: "t", bytes: new Uint8Array() } };
        },
      });
    },
  });
  t.after(() => {
    mayBegin.resolve();
    mayEnd.resolve();
  });
  const request = { type: "t", bytes: new Uint8Array() };
  const { name } = await bench.operations.submit({
    kind: "thing",
    project: "em",
    principal: "anna",
    resource: "a",
    request,
  });
  return { ...bench, watches, name, mayBegin, told, mayEnd };
}

/** A caller on a connection of its own that opens a watch and takes nothing beyond HTTP/2's first window of 64 KiB. */
async function stalledWatch(t: TestContext, { gateway }: Bench, name: string) {
  const session = connect(`http://${gateway.address}`);
  t.after(() => session.destroy());
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: "POST",
    [constants.HTTP2_HEADER_PATH]: "/pssr.v1.OperationWatchService/WatchOperation",
    [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
    [constants.HTTP2_HEADER_TE]: "trailers",
  });
  stream.pause();
  const message = WatchOperationRequest.encode({ name, afterRevision: 0n }).finish();
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  stream.end(frame);
  await once(stream, "response");
  return { session, stream };
}

async function messagesOf(stream: ClientHttp2Stream): Promise<WatchOperationResponse[]> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.resume();
  await once(stream, "end");
  const bytes = Buffer.concat(chunks);
  const messages: WatchOperationResponse[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    messages.push(WatchOperationResponse.decode(bytes.subarray(at + 5, end)));
    at = end;
  }
  return messages;
}

async function usedBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  for (let i = 0; i < 2; i++) {
    collect();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test("callers who stop reading their watch hold a bounded part of what is told, and get the end", async (t) => {
  const work = await openWork(t);
  const callers = 10;
  const streams: ClientHttp2Stream[] = [];
  for (let i = 0; i < callers; i++) streams.push((await stalledWatch(t, work, work.name)).stream);
  await work.watches.count(callers);
  const before = await usedBytes();
  work.mayBegin.resolve();
  await work.told.promise;
  const held = (await usedBytes()) - before;
  t.diagnostic(`${(held / MiB / callers).toFixed(2)} MiB are held for a caller`);
  assert.ok(held < callers * 1.5 * MiB, `${held} bytes are held`);
  const reading = streams.map(messagesOf);
  work.mayEnd.resolve();
  for (const messages of await Promise.all(reading)) {
    assert.ok(messages.length < tellings / tellingsPerTurn / 2, `${messages.length} messages`);
    assert.deepEqual(
      messages.filter(({ operation }) => operation?.done),
      messages.slice(-1),
      "the end comes, once and last",
    );
  }
  await work.watches.count(0);
});

test("callers who vanish leave nothing behind, though nothing happens to their operation", async (t) => {
  const work = await openWork(t);
  const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
  const before = sockets();
  const sessions = [];
  for (let i = 0; i < 20; i++) sessions.push((await stalledWatch(t, work, work.name)).session);
  await work.watches.count(20);
  assert.ok(sockets() >= before + 40, "both ends of each connection");
  for (const session of sessions) session.destroy();
  await work.watches.count(0);
  await turn();
  // The gateway keeps its own connection to the operations.
  assert.ok(sockets() <= before + 2, `${sockets()} sockets are left, there were ${before}`);
});
