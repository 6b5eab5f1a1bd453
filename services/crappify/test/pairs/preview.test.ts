import assert from "node:assert/strict";
import { test } from "node:test";
import { createPixelArray, resize } from "@pssr/imaging";
import { bytesOf, readPixels } from "../download.js";
import { reason } from "../reason.js";
import { noiseless, withDataset } from "./dataset-pairs.js";

test("crappify degrades a region as pairs are, and says what its pixels mean", async (t) => {
  const installation = await withDataset(t, { shapes: [[203, 202]] });
  const image = installation.dataset.images[0]!;
  const { low, levels } = await installation.crappify.preview({ image, crappifier: noiseless });
  assert.deepEqual(low?.shape, [50n, 50n]);
  assert.equal(levels?.source, 3);
  const cut = await readPixels(installation, image, { start: [0n, 0n], shape: [200n, 200n] });
  const expected = resize(createPixelArray("yx", [200, 200], new Uint8Array(cut.bytes)), [50, 50], "BILINEAR");
  assert.deepEqual(new Uint8Array(low!.data), bytesOf(expected));

  const noisy = (seed: bigint) => installation.crappify.preview({ image, seed });
  assert.deepEqual((await noisy(1n)).low, (await noisy(1n)).low);
  assert.notDeepEqual((await noisy(1n)).low, (await noisy(2n)).low);
  const odd = { start: [0n, 0n], shape: [10n, 8n] };
  await assert.rejects(installation.crappify.preview({ image, region: odd }), reason("INVALID_FIELD", "region"));
});

test("a preview tells how much noise there is, and at which signal", async (t) => {
  const { crappify, dataset } = await withDataset(t, { shapes: [[512, 512]] });
  const image = dataset.images[0]!;
  const gaussian = { kind: { $case: "gaussian" as const, value: { sigma: { value: 3 } } } };
  const { statistics, levels } = await crappify.preview({ image, crappifier: { detector: [gaussian] } });
  const expected = (3 * (levels!.white - levels!.black)) / 255;
  assert.ok(Math.abs(statistics!.standardDeviation / expected - 1) < 0.1, `${statistics!.standardDeviation}`);
  assert.equal(
    statistics!.bins.reduce((sum, { pixels }) => sum + pixels, 0n),
    128n * 128n,
  );
  const without = await crappify.preview({ image, crappifier: noiseless });
  assert.equal(without.statistics!.standardDeviation, 0);
});

test("a lens needs the size of the images' pixels, for pairs and for a look", async (t) => {
  const { crappify, dataset } = await withDataset(t);
  const lens = (value: object) => ({ optics: [{ kind: { $case: "opticalBlur" as const, value } }] });
  const image = dataset.images[0]!;
  const unknown = reason("INVALID_FIELD", "crappifier.optics[0].pixel_size");
  await assert.rejects(crappify.preview({ image, crappifier: lens({}) }), unknown);
  const pairs = crappify.streamPairs({ dataset: dataset.name, crappifier: lens({}) })[Symbol.asyncIterator]();
  await assert.rejects(pairs.next(), unknown);
  const { low } = await crappify.preview({ image, crappifier: lens({ pixelSize: { value: 100 } }) });
  assert.ok(low!.data.length > 0);
});

test("crappify refuses what does not fit into one message", async (t) => {
  const installation = await withDataset(t, { shapes: [[1500, 1500]] });
  const image = installation.dataset.images[0]!;
  await assert.rejects(installation.crappify.preview({ image }), reason("IMAGE_TOO_LARGE", "region"));
  const { low } = await installation.crappify.preview({ image, region: { start: [], shape: [1000n, 1500n] } });
  assert.deepEqual(low?.shape, [250n, 375n]);
});
