import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { orderedPrefetch } from "../../dist/pairs/ordered-prefetch.js";

test("results keep their order, whichever is ready first, and no more than depth are under way", async () => {
  let underWay = 0;
  let most = 0;
  const work = async (item: number) => {
    most = Math.max(most, ++underWay);
    for (let i = 0; i < 10 - item; i++) await turn();
    underWay--;
    return item;
  };
  const results: number[] = [];
  for await (const result of orderedPrefetch([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 3, work, {})) results.push(result);
  assert.deepEqual(results, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(most, 3);
});

test("a reader that does not read has no more than depth items made", async () => {
  let begun = 0;
  function* endless() {
    for (;;) yield begun++;
  }
  const stream = orderedPrefetch(endless(), 4, async (item) => item, {})[Symbol.asyncIterator]();
  await stream.next();
  for (let i = 0; i < 50; i++) await turn();
  assert.equal(begun, 4);
  await stream.return?.();
});

test("many items under way are no leak of listeners", async (t) => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on("warning", note);
  t.after(() => process.off("warning", note));
  const listen = async (item: number, { signal }: { signal: AbortSignal }) => {
    signal.addEventListener("abort", () => undefined);
    return item;
  };
  const items = Array.from({ length: 40 }, (_, item) => item);
  for await (const _ of orderedPrefetch(items, 40, listen, {}));
  await turn(); // warnings come in a turn of their own
  assert.deepEqual(warnings, []);
});

test("a reader that leaves stops all that is under way", async () => {
  let stopped = 0;
  const work = (item: number, { signal }: { signal: AbortSignal }) =>
    item === 0
      ? Promise.resolve(item)
      : new Promise<number>((_, reject) =>
          signal.addEventListener("abort", () => {
            stopped++;
            reject(signal.reason);
          }),
        );
  for await (const _ of orderedPrefetch([0, 1, 2, 3], 3, work, {})) break;
  assert.equal(stopped, 2);
});

test("an error comes in its turn, after the results before it", async () => {
  const seen: number[] = [];
  const work = async (item: number) => {
    if (item === 2) throw new Error("two");
    return item;
  };
  await assert.rejects(async () => {
    for await (const result of orderedPrefetch([0, 1, 2, 3], 4, work, {})) seen.push(result);
  }, /two/);
  assert.deepEqual(seen, [0, 1]);
});
