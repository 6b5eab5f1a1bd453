/** Three NATS servers that keep each other's data: one is lost, and nothing else. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isPssrError, type Reason } from "@pssr/api";
import { type NatsServer, startNatsCluster } from "@pssr/local-servers";
import { loadConfig, NatsConnection, NatsEventBus, NatsStateStore, NatsWorkQueue, natsSettings } from "@pssr/platform";
import { stateStoreContract } from "../state/contract.js";
import { freshName } from "./nats.js";

const ignore = (): void => undefined; // a lost server is the test's own doing
let directory: string;
let servers: NatsServer[];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "pssr-nats-cluster-"));
  servers = await startNatsCluster({ directory, servers: 3 });
});
after(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(directory, { recursive: true });
});

async function connect(
  urls: readonly string[] = servers.map(({ url }) => url),
  { name = freshName(), replicas = "3" }: { name?: string; replicas?: string } = {},
): Promise<NatsConnection> {
  const env = { PSSR_NATS_URL: urls.join(","), PSSR_NATS_NAME: name, PSSR_NATS_REPLICAS: replicas };
  const config = loadConfig(natsSettings, { argv: [], env });
  return NatsConnection.open({ ...config, natsUrl: urls }, { report: ignore });
}

async function openState(context: TestContext, connection: NatsConnection): Promise<NatsStateStore> {
  // A cluster that has just begun elects its leader for a moment.
  const state = await persistently(() => NatsStateStore.open(connection, { report: ignore }));
  context.after(async () => {
    await state.close();
    await connection.close();
  });
  return state;
}

stateStoreContract("three NATS servers", async (context) => openState(context, await connect()));

test("a server killed while records are written: each write that was confirmed is there, work goes on", async (context) => {
  const connection = await connect();
  const state = await openState(context, connection);
  const queue = new NatsWorkQueue(connection, { visibilityMs: 1_000, report: ignore });
  const events = await NatsEventBus.open(connection, { report: ignore });
  context.after(() => queue.close());
  await queue.publish("train", "waiting", new Uint8Array());

  const confirmed = new Map<string, bigint>();
  const write = async (i: number): Promise<void> => {
    try {
      confirmed.set(`w/${i}`, await state.put(`w/${i}`, new TextEncoder().encode(`${i}`), 0n));
    } catch (error) {
      // Whether it has happened is unknown; that it was not confirmed is what counts.
      if (!isPssrError(error, "UNAVAILABLE") && !isPssrError(error, "REVISION_CONFLICT")) throw error;
    }
  };
  for (let i = 0; i < 50; i++) await write(i);
  const info = await connection.manager.streams.info(`KV_${connection.name}`);
  const leader = servers[Number(info.cluster?.leader?.replace("pssr-local-", "")) - 1];
  assert.ok(leader !== undefined, "the leader of the records is known");
  const writing = (async () => {
    for (let i = 50; i < 250; i++) await write(i);
  })();
  await leader.kill();
  await writing;
  const beforeKill = [...confirmed.keys()].filter((key) => Number(key.slice(2)) < 50);
  assert.equal(beforeKill.length, 50);
  assert.ok(confirmed.size > 100, `only ${confirmed.size} writes were confirmed`);

  for (const [key, revision] of confirmed) {
    const entry = await persistently(() => state.get(key));
    assert.equal(entry?.revision, revision, key);
  }
  const claim = await persistently(() => queue.claim("train"));
  assert.equal(claim.jobId, "waiting");
  await persistently(() => claim.ack());
  await persistently(() => events.publish("e", new Uint8Array(1)));
  const listed = await persistently(() => state.list("w/", { limit: 1000 }));
  for (const key of confirmed.keys())
    assert.ok(
      listed.some((entry) => entry.key === key),
      key,
    );
  await leader.start();
});

test("the server that keeps the place of a feed is killed: the feed begins anew within seconds, no call hangs", async (context) => {
  const [near] = servers;
  assert.ok(near !== undefined);
  // Until the place is kept by another server than the one we are connected to, whose end the connection would tell.
  for (let tries = 1; ; tries++) {
    const connection = await connect([near.url]);
    const state = await openState(context, connection);
    const leader = await leaderOfFeed(connection);
    if (leader === near) {
      assert.ok(tries < 20, "no feed is kept by another server");
      continue;
    }
    await state.put("w/before", new Uint8Array(), 0n);
    await leader.kill();
    await persistently(() => state.put("w/after", new Uint8Array(), 0n), ["REVISION_CONFLICT"]);
    // How long the two servers that are left take to choose a leader is theirs, and grows with what else the machine does.
    const writableMs = performance.now();
    const heard = await persistently(async () => {
      for await (const change of state.watch("w/")) if (change.type === "put" && change.key === "w/after") return true;
      return false;
    });
    assert.ok(heard);
    const began = performance.now();
    const keys = (await persistently(() => state.list("w/", { limit: 10 }))).map(({ key }) => key);
    assert.deepEqual(keys, ["w/after", "w/before"]);
    const seconds = (ms: number): string => (ms / 1000).toFixed(1);
    context.diagnostic(`heard ${seconds(began - writableMs)} s after records could be written again`);
    // Left to the client it would be a minute and a half.
    assert.ok(performance.now() - writableMs < 45_000);
    await leader.start();
    return;
  }
});

test("a process that was not told of replicas takes none away", async (context) => {
  const name = freshName();
  await openState(context, await connect(undefined, { name }));
  const connection = await connect(undefined, { name, replicas: "1" });
  await openState(context, connection);
  assert.equal((await connection.manager.streams.info(`KV_${name}`)).config.num_replicas, 3);
});

/** The server that keeps the place of the feed; the servers may know of it a moment later than who has begun it. */
async function leaderOfFeed(connection: NatsConnection): Promise<NatsServer> {
  for (const giveUpAt = performance.now() + 30_000; performance.now() < giveUpAt; await sleep(20)) {
    for await (const { name, cluster } of connection.manager.consumers.list(`KV_${connection.name}`)) {
      if (!name.startsWith("feed-")) continue;
      const leader = servers[Number(cluster?.leader?.replace("pssr-local-", "")) - 1];
      if (leader !== undefined) return leader;
    }
  }
  throw new Error("there is no feed");
}

/** Again for as long as the servers are choosing a leader, which took more than 30 s on a machine that was busy otherwise. */
async function persistently<T>(call: () => Promise<T>): Promise<T>;
async function persistently<T>(call: () => Promise<T>, done: readonly Reason[]): Promise<T | undefined>;
async function persistently<T>(call: () => Promise<T>, done: readonly Reason[] = []): Promise<T | undefined> {
  const giveUpAt = performance.now() + 180_000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      // What was not confirmed may have happened all the same.
      if (done.some((reason) => isPssrError(error, reason))) return undefined;
      if (!isPssrError(error, "UNAVAILABLE") || performance.now() > giveUpAt) throw error;
    }
  }
}
