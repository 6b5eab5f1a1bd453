/** A server renews its connections; a stream over an old one goes on, and a dead peer is found there too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SeverableLine } from "@pssr/local-servers";
import {
  bearerAuthenticator,
  channelOptions,
  createLogger,
  createProcessKeyring,
  defaultLimits,
  startGrpcServer,
} from "@pssr/platform";
import { createChannel, createClient } from "nice-grpc";
import { HealthDefinition } from "nice-grpc-server-health";

const limits = {
  ...defaultLimits,
  connectionAge: 300,
  connectionGrace: 60_000,
  keepaliveTime: 200,
  keepaliveTimeout: 400,
};
/** The connection is old after its age, and several pings would have been due by then. */
const drainingMs = 2_000;

async function watched(t: { after(end: () => Promise<void>): void }) {
  const server = await startGrpcServer({
    bind: "127.0.0.1:0",
    services: [],
    authenticator: bearerAuthenticator(createProcessKeyring()),
    log: createLogger({ service: "test", level: "silent" }),
    limits,
  });
  t.after(() => server.close({ graceMs: 0 }));
  const line = await SeverableLine.to(`tcp://${server.address}`);
  t.after(() => line.close());
  const channel = createChannel(line.url.replace("tcp://", ""), undefined, channelOptions(limits));
  t.after(async () => channel.close());
  const states = createClient(HealthDefinition, channel).watch({ service: "" })[Symbol.asyncIterator]();
  await states.next();
  await sleep(drainingMs); // time is what makes a connection old
  return { server, line, states };
}

test("a stream over a connection that drains goes on, however often it is pinged", async (t) => {
  const { server, states } = await watched(t);
  server.setServing(false);
  assert.deepEqual((await states.next()).value, { status: 2 });
});

test("a peer that falls silent on a connection that drains is found", async (t) => {
  const { line, states } = await watched(t);
  line.silence();
  await assert.rejects(states.next(), /UNAVAILABLE/); // without pings it would wait for ever
});
