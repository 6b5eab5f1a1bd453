import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { parseCrappifier } from "@pssr/crappifiers";
import { type BandOrder, cutBands } from "../../dist/images/band-cut.js";

const MiB = 2 ** 20;

function order(shape: number[], crappifier: object, seed = 1n): BandOrder {
  return {
    image: { axes: "yx", shape, dtype: "uint8" },
    crappifier: parseCrappifier(crappifier, "crappifier"),
    calibration: { black: 0, white: 255 },
    key: { seed, image: "digest", tile: 0, epoch: 0 },
  };
}

const blurred = (scale: number, sigma: object) => ({
  optics: [],
  sampling: { scale },
  detector: [{ kind: "gaussian_blur", sigma }],
});

test("a common image has all threads, and bands that are worked on quickly", () => {
  const { threads, rowsAtOnce } = cutBands(order([8192, 8192], {}), { threads: 2, memoryBytes: 512 * MiB });
  assert.deepEqual([threads, rowsAtOnce], [2, 128]);
});

test("where memory is short fewer threads work, then on fewer rows", () => {
  const cut = (memory: number) => cutBands(order([30_000, 30_000], {}), { threads: 8, memoryBytes: memory * MiB });
  const cuts = [2048, 512, 256, 110].map(cut);
  for (const [n, { threads, rowsAtOnce }] of cuts.slice(1).entries()) {
    assert.ok(threads <= cuts[n]!.threads && rowsAtOnce <= cuts[n]!.rowsAtOnce, JSON.stringify(cuts));
  }
  assert.equal(cuts[0]!.threads, 8);
  assert.ok(cuts[3]!.threads === 1 && cuts[3]!.rowsAtOnce < cuts[0]!.rowsAtOnce, JSON.stringify(cuts));
});

test("a wide blur after a large scale has bands as high as what it reaches, or is refused where not even one row fits", () => {
  // 256 low-resolution rows above and below: 8,208 rows for one.
  const wide = (width: number) => order([40_000, width], blurred(16, { value: 64 }));
  const limits = { threads: 4, memoryBytes: 2048 * MiB };
  assert.deepEqual(cutBands(wide(8000), limits), { threads: 2, rowsAtOnce: 514 });
  assert.throws(
    () => cutBands(wide(100_000), limits),
    (error) => {
      assert.ok(isPssrError(error, "IMAGE_TOO_LARGE"));
      const fitting = Number(/about (\d+) pixels/.exec(error.message)?.[1]);
      cutBands(wide(fitting - 100), limits);
      assert.throws(() => cutBands(wide(fitting + 1000), limits), /IMAGE_TOO_LARGE|too wide/);
      return true;
    },
  );
});

test("what is drawn decides, not the value that it is drawn around", () => {
  const limits = { threads: 1, memoryBytes: 256 * MiB };
  const drawn = Array.from({ length: 20 }, (_, seed) => {
    try {
      return cutBands(order([20_000, 20_000], blurred(8, { value: 1, spread: 20 }), BigInt(seed)), limits).threads;
    } catch (error) {
      assert.ok(isPssrError(error, "IMAGE_TOO_LARGE"));
      return 0;
    }
  });
  assert.deepEqual(new Set(drawn), new Set([0, 1]));
});
