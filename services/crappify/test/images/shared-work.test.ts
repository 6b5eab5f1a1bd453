import assert from "node:assert/strict";
import { test } from "node:test";
import { SharedWork } from "../../dist/images/shared-work.js";

test("two callers share one piece of work", async () => {
  const shared = new SharedWork<number>();
  let begun = 0;
  const work = async () => ++begun;
  assert.deepEqual(await Promise.all([shared.run("a", work, {}), shared.run("a", work, {})]), [1, 1]);
  assert.equal(await shared.run("a", work, {}), 2, "later work is new");
});

test("work goes on while one caller is left, and stops when the last has gone", async () => {
  const shared = new SharedWork<never>();
  let stopped = false;
  const work = ({ signal }: { signal: AbortSignal }) =>
    new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => {
        stopped = true;
        reject(signal.reason);
      }),
    );
  const [first, second] = [new AbortController(), new AbortController()];
  const one = shared.run("a", work, { signal: first.signal });
  const two = shared.run("a", work, { signal: second.signal });
  first.abort();
  await assert.rejects(one);
  assert.equal(stopped, false);
  second.abort();
  await assert.rejects(two);
  assert.equal(stopped, true);
});
