/** What the stores do while NATS is gone, and when it is back. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { SeverableLine } from "@pssr/local-servers";
import { type NatsConnection, NatsEventBus, NatsStateStore, NatsWorkQueue } from "@pssr/platform";
import { reason } from "../reason.js";
import { freshName, natsOfTests } from "./nats.js";

const nats = natsOfTests();
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

interface Stores {
  connection: NatsConnection;
  state: NatsStateStore;
  queue: NatsWorkQueue;
  events: NatsEventBus;
}

async function open(context: TestContext, options: { url?: string; name?: string } = {}): Promise<Stores> {
  const { url, name = freshName() } = options;
  const ignore = (): void => undefined; // the outage itself, which is ours
  const settings = { PSSR_NATS_TIMEOUT: "1s", ...(url === undefined ? {} : { PSSR_NATS_URL: url }) };
  const own: Partial<Stores> = {};
  context.after(async () => {
    own.queue?.close();
    await own.state?.close();
  });
  const connection = await nats.connect(context, { name, settings });
  const state = await NatsStateStore.open(connection, { report: ignore });
  const queue = new NatsWorkQueue(connection, { visibilityMs: 2_000, report: ignore });
  const events = await NatsEventBus.open(connection, { report: ignore });
  return Object.assign(own, { connection, state, queue, events });
}

test("a server that was killed and comes back has every record, every job, and goes on", async (context) => {
  const { state, queue, events } = await open(context);
  const revision = await state.put("a/kept", text("one"), 0n);
  await queue.publish("train", "waiting", text("x"));
  const told = events.subscribe("e/")[Symbol.asyncIterator]();
  const next = told.next();
  const changes = state.watch("a/")[Symbol.asyncIterator]();
  for (let i = 0; i < 2; i++) await changes.next();
  const cutOff = assert.rejects(changes.next(), reason("UNAVAILABLE"));
  await queue.publish("fit", "before", text("x"));
  await (await queue.claim("fit")).ack();
  const idle = queue.claim("fit");
  await nats.server.kill();
  await cutOff;
  await assert.rejects(state.put("a/other", text("x"), 0n), reason("UNAVAILABLE"));
  await assert.rejects(state.get("a/kept"), reason("UNAVAILABLE"));
  await assert.rejects(events.publish("e/x", text("lost")), reason("UNAVAILABLE"));
  await nats.server.start();
  const second = await retried(() => state.put("a/kept", text("two"), revision));
  assert.ok(second > revision);
  assert.deepEqual(
    (await state.list("a/", { limit: 10 })).map(({ key }) => key),
    ["a/kept"],
  );
  const again = state.watch("a/")[Symbol.asyncIterator]();
  const first = (await again.next()).value;
  assert.deepEqual([first.type, first.key, first.revision], ["put", "a/kept", second]);
  const claim = await queue.claim("train");
  assert.equal(claim.jobId, "waiting");
  await claim.ack();
  await queue.publish("fit", "after", text("y"));
  assert.equal((await idle).jobId, "after");
  await retried(() => events.publish("e/x", text("heard")));
  assert.deepEqual((await next).value, { subject: "e/x", data: text("heard") });
});

test("an outage is no reason to start a process anew; a connection that the client gave up for good is", async (context) => {
  const line = await SeverableLine.to(nats.server.url);
  context.after(() => line.close());
  const connection = await nats.connect(context, { settings: { PSSR_NATS_URL: line.url } });
  const broken = await connection.standing();
  line.cut();
  if (!broken.aborted) await once(broken, "abort");
  line.mend();
  await connection.standing();
  assert.equal(connection.beyondRepair.aborted, false);
  const lost = once(connection.beyondRepair, "abort");
  await connection.core.close();
  await lost;
});

test("a server that lost its disk is given everything it needs anew", async (context) => {
  const { state, queue, events } = await open(context);
  await state.put("a", text("one"), 0n);
  await queue.publish("train", "one", text("x"));
  await nats.server.stop();
  await rm(nats.server.dataDirectory, { recursive: true });
  await nats.server.start();
  assert.equal(await retried(() => state.get("a")), undefined);
  assert.deepEqual(await state.list("", { limit: 10 }), []);
  await state.put("b", text("two"), 0n);
  await retried(() => queue.publish("train", "two", text("x")));
  assert.equal((await queue.claim("train")).jobId, "two");
  await retried(() => events.publish("e", text("x")));
});

test("queues and events deleted behind our back are made anew", async (context) => {
  const { connection, queue, events } = await open(context);
  await queue.publish("train", "one", text("x"));
  await (await queue.claim("train")).ack();
  const told = events.subscribe("e/")[Symbol.asyncIterator]();
  const next = told.next();
  await events.publish("e/x", text("before"));
  assert.equal((await next).value.subject, "e/x");
  const waiting = retried(() => queue.claim("train"));
  for (const stream of ["jobs_train", "events"]) {
    await connection.manager.streams.delete(`${connection.name}_${stream}`);
  }
  await retried(() => queue.publish("train", "two", text("x")));
  assert.equal((await waiting).jobId, "two");
  await retried(() => events.publish("e/x", text("after")));
});

test("a key deleted while a process was cut off is gone for it too, even when the mark of it is gone", async (context) => {
  const name = freshName();
  const line = await SeverableLine.to(nats.server.url);
  context.after(() => line.close());
  const far = await open(context, { url: line.url, name });
  const near = await open(context, { name });
  await near.state.put("a", text("one"), 0n);
  const revision = await near.state.put("b", text("two"), 0n);
  assert.equal((await far.state.list("", { limit: 10 })).length, 2);
  line.cut();
  await near.state.delete("b", revision);
  await near.connection.manager.streams.purge(`KV_${name}`, { filter: `$KV.${name}.b` });
  line.mend();
  assert.deepEqual(
    (await retried(() => far.state.list("", { limit: 10 }))).map(({ key }) => key),
    ["a"],
  );
});

test("a server that does not answer holds no call for longer than its time", async (context) => {
  const line = await SeverableLine.to(nats.server.url);
  context.after(() => line.close());
  const { state, queue } = await open(context, { url: line.url });
  await state.put("a", text("one"), 0n);
  line.silence();
  const began = performance.now();
  await assert.rejects(state.get("a"), reason("UNAVAILABLE"));
  await assert.rejects(state.put("b", text("x"), 0n), reason("UNAVAILABLE"));
  await assert.rejects(state.list("", { limit: 1 }), reason("UNAVAILABLE"));
  await assert.rejects(queue.publish("train", "x", text("x")), reason("UNAVAILABLE"));
  assert.ok(performance.now() - began < 10_000);
  const controller = new AbortController();
  const waiting = state.get("a", { signal: controller.signal });
  controller.abort(new Error("given up"));
  await assert.rejects(waiting, /given up/);
  line.mend();
  assert.deepEqual((await retried(() => state.get("a")))?.value, text("one"));
});

test("a claim that was held when the line broke is void after its time, and the job another's", async (context) => {
  const name = freshName();
  const line = await SeverableLine.to(nats.server.url);
  context.after(() => line.close());
  const far = await open(context, { url: line.url, name });
  const near = await open(context, { name });
  await near.queue.publish("train", "one", text("x"));
  const lost = await far.queue.claim("train");
  const broken = await far.connection.standing();
  line.cut();
  await once(broken, "abort");
  await assert.rejects(lost.heartbeat(), reason("UNAVAILABLE"));
  const taken = await near.queue.claim("train");
  assert.equal(taken.jobId, "one");
  line.mend();
  await lost.ack();
  await lost.giveBack(0);
  const holds = setInterval(() => void taken.heartbeat(), 200);
  const other = near.queue.claim("train");
  const first = await Promise.race([
    other.then(() => "again"),
    new Promise((resolve) => setTimeout(resolve, 3_000, "held")),
  ]);
  clearInterval(holds);
  assert.equal(first, "held");
  await taken.ack();
});

test("a server that is not there is UNAVAILABLE after its time", async (context) => {
  const settings = { PSSR_NATS_URL: "nats://127.0.0.1:9", PSSR_NATS_WAIT: "500ms" };
  await assert.rejects(nats.connect(context, { settings }), reason("UNAVAILABLE"));
});

/** Calls again for as long as the server is not back: 20 s at most. */
async function retried<T>(call: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + 20_000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      reason("UNAVAILABLE")(error);
      if (performance.now() > giveUpAt) throw error;
    }
  }
}

for (const [how, end] of [
  ["closed", (connection: NatsConnection) => connection.close()],
  ["closed for good by the client", (connection: NatsConnection) => connection.core.close()],
] as const) {
  test(`a read under way fails at once where the connection is ${how}, and is not asked again`, async (context) => {
    const line = await SeverableLine.to(nats.server.url);
    context.after(() => line.close());
    const settings = { PSSR_NATS_TIMEOUT: "30s", PSSR_NATS_URL: line.url };
    for (const state of ["standing", "broken"]) {
      const connection = await nats.connect(context, { settings });
      let asked = 0;
      const never = () => {
        asked += 1;
        return new Promise<never>(() => undefined);
      };
      const read = connection.read("a read", never);
      if (state === "broken") {
        const broken = await connection.standing();
        line.cut();
        if (!broken.aborted) await once(broken, "abort");
      }
      const begun = performance.now();
      const failed = assert.rejects(read, reason("UNAVAILABLE"));
      await end(connection);
      await failed;
      assert.ok(performance.now() - begun < 10_000, "long before its time");
      assert.equal(asked, 1, state);
      await assert.rejects(connection.standing(), reason("UNAVAILABLE"));
      await assert.rejects(connection.read("another", never), reason("UNAVAILABLE"));
      line.mend();
    }
  });
}

test("a read that a server takes and never answers is asked again, and fails after its time", async (context) => {
  const connection = await nats.connect(context, { settings: { PSSR_NATS_TIMEOUT: "2s" } });
  let asked = 0;
  const answeredAt = (which: number) => async () => {
    asked += 1;
    return asked < which ? new Promise<never>(() => undefined) : "an answer";
  };
  assert.equal(await connection.read("a read", answeredAt(3)), "an answer");
  assert.equal(asked, 3);
  asked = 0;
  await assert.rejects(connection.read("a read", answeredAt(99)), reason("UNAVAILABLE"));
  assert.ok(asked >= 3 && asked <= 5, `asked ${asked} times`);
});

test("a read that was given up is not asked again over the next connection", async (context) => {
  const line = await SeverableLine.to(nats.server.url);
  context.after(() => line.close());
  const connection = await nats.connect(context, { settings: { PSSR_NATS_URL: line.url } });
  const broken = await connection.standing();
  let asked = 0;
  const never = () => {
    asked += 1;
    return new Promise<never>(() => undefined);
  };
  const givenUp = new AbortController();
  const read = connection.read("a read", never, { signal: givenUp.signal });
  await Promise.resolve();
  givenUp.abort(new Error("given up"));
  await assert.rejects(read, /given up/);
  line.cut();
  if (!broken.aborted) await once(broken, "abort");
  line.mend();
  await connection.standing();
  await connection.core.flush();
  assert.equal(asked, 1);
});

test("a read whose answer is lost with its connection is answered over the next one", async (context) => {
  const line = await SeverableLine.to(nats.server.url);
  context.after(() => line.close());
  const settings = { PSSR_NATS_TIMEOUT: "20s", PSSR_NATS_URL: line.url };
  const connection = await nats.connect(context, { settings });
  const state = await NatsStateStore.open(connection, { report: () => undefined });
  context.after(() => state.close());
  await state.put("a/kept", text("one"), 0n);
  line.silence(); // the question goes nowhere
  const begun = performance.now();
  const kept = state.get("a/kept");
  line.cut();
  line.mend();
  assert.deepEqual((await kept)?.value, text("one"));
  assert.ok(performance.now() - begun < 10_000);
});
