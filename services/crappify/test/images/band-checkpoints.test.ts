import assert from "node:assert/strict";
import test from "node:test";
import { pixelVersion as version } from "@pssr/crappifiers";
import type { JobContext } from "@pssr/platform";
import { BandCheckpoints } from "../../dist/images/band-checkpoints.js";
import { JumpingClock } from "../jumping-clock.js";

/** The second attempt at an image of ten rows of shards, whose first one left this behind. */
function second(checkpoint: unknown): BandCheckpoints {
  return new BandCheckpoints({ attempt: 2, record: { project: "em", id: "x", checkpoint } } as JobContext, 10);
}

test("an image goes on where its first attempt was, in that one's objects", () => {
  const { begun, location, keepAttempts } = second({ imageAttempt: 1, rows: 3, version });
  assert.deepEqual([begun, location, keepAttempts], [3, "operations/em/x/1/image.zarr/", [1]]);
});

test("what is written is kept once a second, so that a process that is killed has lost little", async () => {
  const clock = new JumpingClock();
  const kept: unknown[] = [];
  const job = {
    attempt: 1,
    record: { project: "em", id: "x" },
    checkpoint: async (value: unknown) => kept.push(value),
  };
  const checkpoints = new BandCheckpoints(job as unknown as JobContext, 10, clock);
  await checkpoints.reached(1);
  assert.deepEqual(kept, []);
  clock.pass(1000);
  await checkpoints.reached(4);
  await checkpoints.reached(5);
  assert.deepEqual(kept, [{ imageAttempt: 1, rows: 4, version }]);
  clock.pass(1000);
  await checkpoints.reached(6);
  assert.deepEqual(kept[1], { imageAttempt: 1, rows: 6, version });
  assert.equal(second(kept[1]).begun, 6);
});

for (const [what, checkpoint] of Object.entries({
  "other pixels": { imageAttempt: 1, rows: 3, version: version + 1 },
  "no version": { imageAttempt: 1, rows: 3 },
  "more rows than there are": { imageAttempt: 1, rows: 11, version },
  "less rows than none": { imageAttempt: 1, rows: -2, version },
  "an attempt that has not been": { imageAttempt: 3, rows: 3, version },
})) {
  test(`with a checkpoint of ${what} it begins anew, in objects of its own`, () => {
    const { begun, location, keepAttempts } = second(checkpoint);
    assert.deepEqual([begun, location, keepAttempts], [0, "operations/em/x/2/image.zarr/", []]);
  });
}
