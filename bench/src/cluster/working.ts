/** A worker's process: it tells when a job begins, has news of others, and publishes events with the plain client when asked to. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "@nats-io/transport-node";
import { nowMs, numberBytes } from "./clock.js";
import { portsOf } from "./ground.js";
import { benchKind, operationsOn, typed } from "./jobs.js";
import { eventPauseMs, eventsPerRound, plainEvents } from "./steps.js";

const open = await portsOf(process.env);
const nats = await connect({ servers: process.env.PSSR_NATS_URL! });
const operations = operationsOn(open);
operations.register(
  benchKind("step", 1, async () => {
    process.send!(nowMs());
    return { value: typed(new Uint8Array()) };
  }),
);
operations.register(
  benchKind("news", 1, async (job) => {
    const toldMs: number[] = [];
    for (let i = 0; i < eventsPerRound; i++) {
      await sleep(eventPauseMs);
      toldMs.push(nowMs());
      job.progress(typed(numberBytes(i)));
    }
    process.send!(toldMs);
    return { value: typed(new Uint8Array()) };
  }),
);
process.on("message", async () => {
  for (let i = 0; i < eventsPerRound; i++) {
    await sleep(eventPauseMs);
    nats.publish(plainEvents, numberBytes(nowMs()));
  }
});
await operations.start();
process.send!("ready");
await once(process, "disconnect");
await operations.close();
await nats.close();
await open.close();
