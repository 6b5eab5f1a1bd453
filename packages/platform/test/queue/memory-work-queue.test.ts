import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryWorkQueue } from "@pssr/platform";
import { reason } from "../reason.js";
import { workQueueContract } from "./contract.js";

workQueueContract("memory queue", async (context, visibilityMs) => {
  const queue = new MemoryWorkQueue({ visibilityMs });
  context.after(() => queue.close());
  return queue;
});

test("closing the queue ends waiting claims", async () => {
  const queue = new MemoryWorkQueue();
  const waiting = queue.claim("train");
  queue.close();
  await assert.rejects(waiting, reason("UNAVAILABLE"));
  await assert.rejects(queue.publish("train", "a", new Uint8Array()), reason("UNAVAILABLE"));
});
