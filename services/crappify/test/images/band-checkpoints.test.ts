import assert from "node:assert/strict";
import test from "node:test";
import { pixelVersion as version } from "@pssr/crappifiers";
import type { JobContext } from "@pssr/platform";
import { BandCheckpoints } from "../../dist/images/band-checkpoints.js";

/** The second attempt at an image of ten rows of shards, whose first one left this behind. */
function second(checkpoint: unknown): BandCheckpoints {
  return new BandCheckpoints({ attempt: 2, record: { project: "em", id: "x", checkpoint } } as JobContext, 10);
}

test("an image goes on where its first attempt was, in that one's objects", () => {
  const { begun, location, keepAttempts } = second({ imageAttempt: 1, rows: 3, version });
  assert.deepEqual([begun, location, keepAttempts], [3, "operations/em/x/1/image.zarr/", [1]]);
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
