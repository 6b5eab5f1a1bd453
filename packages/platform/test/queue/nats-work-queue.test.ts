import assert from "node:assert/strict";
import { test } from "node:test";
import { NatsWorkQueue } from "@pssr/platform";
import { freshName, natsOfTests, report } from "../nats/nats.js";
import { workQueueContract } from "./contract.js";

const nats = natsOfTests();

workQueueContract("NATS queue", async (context, visibilityMs) => {
  const queue = new NatsWorkQueue(await nats.connect(context), { visibilityMs, report });
  context.after(() => queue.close());
  return queue;
});

test("a release with another visibility changes the queue that is there, and its jobs stay", async (context) => {
  const name = freshName();
  const open = async (visibilityMs: number): Promise<NatsWorkQueue> => {
    const queue = new NatsWorkQueue(await nats.connect(context, { name }), { visibilityMs, report });
    context.after(() => queue.close());
    return queue;
  };
  const older = await open(30_000);
  await older.publish("train", "a", new Uint8Array());
  const lost = await older.claim("train");
  await lost.giveBack(0);
  const newer = await open(100);
  assert.equal((await newer.claim("train")).jobId, "a");
  // Not acknowledged, it comes again after the newer time.
  assert.equal((await newer.claim("train")).jobId, "a");
});
