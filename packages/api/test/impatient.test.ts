import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { impatient, isPssrError } from "@pssr/api";

/** Gives two items, then waits until it is left. */
async function* twoAndNoMore({ signal }: { signal: AbortSignal }): AsyncGenerator<number> {
  yield 1;
  yield 2;
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
}

test("a stream that falls silent is left, however long the reader took before", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const stream = impatient(twoAndNoMore, 50, { signal: context.signal });
  for (const expected of [1, 2]) {
    assert.equal((await stream.next()).value, expected);
    context.mock.timers.tick(1_000);
  }
  const third = stream.next();
  context.mock.timers.tick(50);
  await assert.rejects(third, (error) => isPssrError(error, "UNAVAILABLE"));
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
