import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { impatient } from "../dist/process/impatient.js";
import { refusal } from "./workplace.js";

/** Gives two items, then waits until it is left. */
async function* twoAndNoMore({ signal }: { signal: AbortSignal }): AsyncGenerator<number> {
  yield 1;
  yield 2;
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
}

test("a stream that falls silent is left, however long the reader took before", async (context) => {
  const seen: number[] = [];
  const stream = impatient(twoAndNoMore, 50, { signal: context.signal });
  await assert.rejects(async () => {
    for await (const item of stream) {
      seen.push(item);
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
  }, refusal("UNAVAILABLE"));
  assert.deepEqual(seen, [1, 2]);
});

test("a reader that gives up gets its own reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const stream = impatient(twoAndNoMore, 60_000, { signal: controller.signal });
  await assert.rejects(
    async () => {
      for await (const item of stream) if (item === 2) controller.abort(reason);
    },
    (error) => error === reason,
  );
});
