import { NatsWorkQueue } from "@pssr/platform";
import { natsOfTests, report } from "../nats/nats.js";
import { workQueueContract } from "./contract.js";

const nats = natsOfTests();

workQueueContract("NATS queue", async (context, visibilityMs) => {
  const queue = new NatsWorkQueue(await nats.connect(context), { visibilityMs, report });
  context.after(() => queue.close());
  return queue;
});
