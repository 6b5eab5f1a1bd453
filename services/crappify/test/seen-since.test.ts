import assert from "node:assert/strict";
import { test } from "node:test";
import { SeenSince } from "../dist/seen-since.js";
import { dayMs, hourMs, JumpingClock, minuteMs } from "./jumping-clock.js";

/** What one round says of a thing that was written at a time of day. */
function look(seen: SeenSince, things: readonly [key: string, revision: number, writtenMs: number][]): boolean[] {
  const round = seen.begin();
  const old = things.map(([key, revision, writtenMs]) => round.isOlder({ key, revision, writtenMs }, dayMs));
  round.end();
  return old;
}

test("what is old by the clock on the wall is old once it was seen for ten minutes, unchanged", () => {
  const clock = new JumpingClock();
  const seen = new SeenSince(clock);
  const yesterdayMs = clock.now() - dayMs - hourMs;
  assert.deepEqual(look(seen, [["a", 1, yesterdayMs]]), [false]);
  clock.pass(9 * minuteMs);
  assert.deepEqual(look(seen, [["a", 1, yesterdayMs]]), [false]);
  clock.pass(2 * minuteMs);
  assert.deepEqual(look(seen, [["a", 2, yesterdayMs]]), [false], "another thing under its key");
  clock.pass(11 * minuteMs);
  assert.deepEqual(look(seen, [["a", 2, yesterdayMs]]), [true]);
});

test("a clock on the wall that jumps ahead makes nothing old, and one that is behind keeps nothing for ever", () => {
  const clock = new JumpingClock();
  const seen = new SeenSince(clock);
  const writtenMs = clock.now();
  clock.jump(1000 * dayMs);
  assert.deepEqual(look(seen, [["a", 1, writtenMs]]), [false]);
  clock.jump(-1000 * dayMs);
  clock.pass(dayMs - minuteMs);
  assert.deepEqual(look(seen, [["a", 1, writtenMs]]), [false]);
  clock.pass(2 * minuteMs);
  assert.deepEqual(look(seen, [["a", 1, writtenMs]]), [true]);
});

test("what was not there in a round is new when it comes back; a round that broke off forgets nothing", () => {
  const clock = new JumpingClock();
  const seen = new SeenSince(clock);
  look(seen, [
    ["a", 1, 0],
    ["b", 1, 0],
  ]);
  seen.begin().isOlder({ key: "a", revision: 1, writtenMs: 0 }, dayMs);
  clock.pass(hourMs);
  assert.deepEqual(look(seen, [["a", 1, 0]]), [true]);
  assert.deepEqual(look(seen, [["b", 1, 0]]), [false]);
});

test("what is more than it remembers waits until there is room", () => {
  const clock = new JumpingClock();
  const seen = new SeenSince(clock, 2);
  const old: boolean[][] = [];
  let things: [string, number, number][] = ["a", "b", "c"].map((key) => [key, 1, 0]);
  for (let round = 0; round < 4; round++) {
    const now = look(seen, things);
    old.push(now);
    things = things.filter((_, i) => !now[i]);
    clock.pass(hourMs);
  }
  assert.deepEqual(old, [[false, false, false], [true, true, false], [false], [true]]);
});
