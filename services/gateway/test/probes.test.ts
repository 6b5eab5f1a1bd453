import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "@pssr/local-servers";
import { startProgram } from "@pssr/platform";
import { createChannel, createClient, waitForChannelReady } from "nice-grpc";
import { HealthDefinition } from "nice-grpc-server-health";
import { gatewayProgram } from "../dist/index.js";
import { startEcho } from "./echo-backend.js";

/** grpc.health.v1.HealthCheckResponse.ServingStatus */
const [serving, notServing] = [1, 2];

test("a gateway that waits for its services lives and is not ready; with its door open it is", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "pssr-gateway-"));
  context.after(() => rm(directory, { recursive: true, force: true }));
  const [probes, backend] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const env = {
    PSSR_DATA_DIR: directory,
    PSSR_LOG_LEVEL: "silent",
    PSSR_IDENTITY_KEY: "a key of at least thirty-two bytes, for the test",
    PSSR_GATEWAY_BIND: "127.0.0.1:0",
    PSSR_BACKEND_WAIT: "1h",
    PSSR_CRAPPIFY_ADDRESS: backend,
    PSSR_TRAIN_ADDRESS: backend,
    PSSR_PREDICT_ADDRESS: backend,
    PSSR_OPTIMIZE_ADDRESS: backend,
    PSSR_PROBE_BIND: probes,
  };
  const { signal } = new AbortController();
  const running = startProgram(gatewayProgram, { argv: [], env }, { signal, allow: () => undefined });
  const channel = createChannel(probes);
  context.after(() => channel.close());
  const health = createClient(HealthDefinition, channel);
  const said = async (service: string) => (await health.check({ service })).status;
  const all = () => Promise.all(["startup", "readiness", "liveness"].map(said));
  await waitForChannelReady(channel, new Date(Date.now() + 10_000));
  assert.deepEqual(await all(), [notServing, notServing, serving]);
  const echo = await startEcho({}, { bind: backend });
  context.after(() => echo.stop());
  const gateway = await running;
  assert.deepEqual(await all(), [serving, serving, serving]);
  await gateway.close();
});
