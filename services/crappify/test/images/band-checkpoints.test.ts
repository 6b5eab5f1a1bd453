import assert from "node:assert/strict";
import test from "node:test";
import { noiseVersion } from "@pssr/crappifiers";
import type { JobContext } from "@pssr/platform";
import { BandCheckpoints } from "../../dist/images/band-checkpoints.js";

/** The second attempt at an image whose first one left this behind. */
function second(checkpoint: unknown): BandCheckpoints {
  return new BandCheckpoints({ attempt: 2, record: { project: "em", id: "x", checkpoint } } as JobContext);
}

test("an image goes on with the noise that it was begun with, and begins anew where a release has another", () => {
  const same = second({ imageAttempt: 1, rows: 3, noise: noiseVersion });
  assert.deepEqual([same.begun, same.location, same.keepAttempts], [3, "operations/em/x/1/image.zarr/", [1]]);
  const other = second({ imageAttempt: 1, rows: 3, noise: noiseVersion + 1 });
  assert.deepEqual([other.begun, other.location, other.keepAttempts], [0, "operations/em/x/2/image.zarr/", []]);
});

test("a checkpoint that is none is refused", () => {
  assert.throws(() => second({ imageAttempt: 1 }), { reason: "RECORD_TOO_NEW" });
});
