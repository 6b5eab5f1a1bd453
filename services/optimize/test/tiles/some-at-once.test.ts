import assert from "node:assert/strict";
import { test } from "node:test";
import { PssrError } from "@pssr/api";
import { within } from "@pssr/platform";
import { patiently } from "../../dist/tiles/patiently.js";
import { someAtOnce } from "../../dist/tiles/some-at-once.js";
import { refusal } from "../fixtures/world.js";

const signal = new AbortController().signal;

test("results come in the order of the things, and never more are worked on than allowed", async () => {
  let atWork = 0;
  let most = 0;
  const results = await someAtOnce(
    [5, 1, 4, 2, 3],
    2,
    async (turns, index) => {
      most = Math.max(most, ++atWork);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      atWork -= 1;
      return `${index}: ${turns}`;
    },
    { signal },
  );
  assert.deepEqual(results, ["0: 5", "1: 1", "2: 4", "3: 2", "4: 3"]);
  assert.equal(most, 2);
});

test("the first error gives up what is under way, and is the one that is told", async () => {
  const begun: number[] = [];
  const work = someAtOnce(
    [0, 1, 2, 3],
    2,
    async (_, index, options) => {
      begun.push(index);
      if (index === 1) throw new Error("the first");
      await within(new Promise(() => undefined), options);
    },
    { signal },
  );
  await assert.rejects(work, /the first/);
  assert.deepEqual(begun, [0, 1]);
});

test("given up from outside, it ends with that reason", async () => {
  const giveUp = new AbortController();
  const work = someAtOnce([0, 1], 1, (_, __, options) => within(new Promise(() => undefined), options), {
    signal: giveUp.signal,
  });
  giveUp.abort(new Error("enough"));
  await assert.rejects(work, /enough/);
});

test("a peer that is away is asked until it answers, and not longer than patience lasts", async () => {
  const told: string[] = [];
  const options = { signal, patienceMs: 5_000, waiting: (problem: string) => told.push(problem) };
  let calls = 0;
  const answer = await patiently(async () => {
    if (++calls < 3) throw new PssrError("UNAVAILABLE", `away ${calls}`);
    return "here";
  }, options);
  assert.equal(answer, "here");
  assert.deepEqual(told, ["away 1", "away 2"]);
  const never = patiently(() => Promise.reject(new PssrError("UNAVAILABLE", "away")), { ...options, patienceMs: 500 });
  await assert.rejects(never, refusal("UNAVAILABLE"));
  // A peer that shuts down cancels its calls; told so, the operation would end instead of being tried again.
  const stopped = patiently(() => Promise.reject(new PssrError("CANCELLED", "stops")), { ...options, patienceMs: 0 });
  await assert.rejects(stopped, refusal("UNAVAILABLE"));
  const refused = patiently(() => Promise.reject(new PssrError("NOT_FOUND", "no")), options);
  await assert.rejects(refused, refusal("NOT_FOUND"));
});
