import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryEventBus } from "@pssr/platform";
import { eventBusContract } from "./contract.js";

eventBusContract("memory events", async () => new MemoryEventBus());

test("the bus remembers a bounded number of subjects, the latest written", async () => {
  const bus = new MemoryEventBus({ remembered: 3 });
  for (let i = 0; i < 10; i++) await bus.publish(`s/${i}`, Uint8Array.of(i));
  await bus.publish("s/8", Uint8Array.of(88));
  const seen: number[] = [];
  for await (const { data } of bus.subscribe("")) {
    seen.push(data[0] ?? -1);
    if (seen.length === 3) break;
  }
  assert.deepEqual(seen, [7, 9, 88]);
});
