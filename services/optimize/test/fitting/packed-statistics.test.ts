import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, inflateSync } from "node:zlib";
import { isPssrError } from "@pssr/api";
import { packStatistics, unpackStatistics } from "../../dist/fitting/packed-statistics.js";
import { TileMeter } from "../../dist/fitting/tile-meter.js";
import { crappifierOf, highTiles, pairsOf } from "./microscope.js";

const truth = crappifierOf({ detector: [{ kind: "poisson" }] });
const options = { sampling: truth.sampling, isPaired: true, highNoise: [], isRounded: false, seed: 1 };
const { real } = new TileMeter(pairsOf(truth, highTiles(4)).fitted, options);

test("statistics come back as they were, in a fraction of their size", () => {
  const packed = packStatistics(real);
  assert.deepEqual(unpackStatistics(packed), real);
  assert.ok(packed.length < real.length * 4096, `${packed.length}`);
  assert.deepEqual(unpackStatistics(packStatistics([])), []);
});

test("damaged ones are refused, and those of a newer release are told apart", () => {
  const packed = packStatistics(real);
  const isCorrupt = (error: unknown) => isPssrError(error, "OBJECT_CORRUPT");
  assert.throws(() => unpackStatistics(packed.subarray(0, packed.length / 2)), isCorrupt);
  assert.throws(() => unpackStatistics(deflateSync(inflateSync(packed).subarray(0, -8))), isCorrupt);
  assert.throws(() => unpackStatistics(deflateSync(new Uint8Array(8))), isCorrupt);
  const newer = inflateSync(packed);
  newer.writeDoubleLE(2, 0);
  assert.throws(
    () => unpackStatistics(deflateSync(newer)),
    (error) => isPssrError(error, "RECORD_TOO_NEW"),
  );
});
