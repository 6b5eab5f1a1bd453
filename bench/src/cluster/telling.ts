/** A worker whose job has news once somebody watches it, and which publishes as much with the plain client when asked to. */
import { on, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "@nats-io/transport-node";
import { Progress } from "@pssr/api";
import { typedMessage } from "@pssr/platform";
import { nowMs, numberBytes } from "./clock.js";
import { portsOf } from "./ground.js";
import { benchKind, nothing, operationsOn } from "./jobs.js";
import { newsPauseMs, newsPerRound, plainSubject } from "./news.js";

const open = await portsOf(process.env);
const nats = await connect({ servers: process.env.PSSR_NATS_URL! });
const operations = operationsOn(open);

/** Keeps what comes before the job asks. */
const messages = on(process, "message");

async function somebodyWatches(): Promise<void> {
  for (let message: unknown; message !== "tell"; ) [message] = (await messages.next()).value;
}

operations.register(
  benchKind("news", 1, async (job) => {
    await somebodyWatches();
    const toldMs: number[] = [];
    for (let i = 0; i < newsPerRound; i++) {
      await sleep(newsPauseMs);
      const progress = Progress.encode(Progress.fromPartial({ done: BigInt(i) })).finish();
      toldMs.push(nowMs());
      job.progress(typedMessage("Progress", progress));
    }
    process.send!(toldMs);
    return { value: nothing };
  }),
);
process.on("message", async (message) => {
  if (message !== "publish") return;
  for (let i = 0; i < newsPerRound; i++) {
    await sleep(newsPauseMs);
    nats.publish(plainSubject, numberBytes(nowMs()));
  }
});
await operations.start();
process.send!("ready");
await once(process, "disconnect");
await operations.close();
await nats.close();
await open.close();
