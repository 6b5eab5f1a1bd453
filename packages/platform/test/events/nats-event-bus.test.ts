import assert from "node:assert/strict";
import { test } from "node:test";
import { NatsEventBus, openClusterPorts } from "@pssr/platform";
import { natsOfTests, report } from "../nats/nats.js";
import { s3Config } from "../objects/s3-bucket.js";
import { eventBusContract } from "./contract.js";

const nats = natsOfTests();

eventBusContract("NATS events", async (context) => NatsEventBus.open(await nats.connect(context), { report }));

test("what is being told when the ports are closed is told, and nobody hears of a closed connection", async (context) => {
  const config = { ...nats.config({ settings: { PSSR_NATS_TIMEOUT: "60s" } }), ...(await s3Config()) };
  const open = await openClusterPorts(config, { report });
  const told = Array.from({ length: 300 }, (_, n) => open.ports.events.publish(`things/${n}`, new Uint8Array(60_000)));
  await open.close();
  await Promise.all(told);
  const bus = await NatsEventBus.open(await nats.connect(context, { name: config.natsName }), { report });
  const seen = new Set<string>();
  for await (const { subject } of bus.subscribe("things/", { signal: AbortSignal.timeout(60_000) }))
    if (seen.add(subject).size === told.length) break;
  assert.equal(seen.size, told.length);
});
