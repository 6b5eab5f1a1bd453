import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createPixelArray, resize } from "@pssr/imaging";
import { bytesOf, readPixels } from "../download.js";
import { picture, png } from "../pictures.js";
import { reason } from "../reason.js";
import { importImage } from "../upload.js";
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

test("a preview that is given up while it computes lets others through", async (t) => {
  const flags = ["--crappify-threads", "1"];
  const { crappify, dataset } = await withDataset(t, {
    flags,
    shapes: [
      [1024, 1024],
      [512, 512],
    ],
  });
  const [large, small] = dataset.images as [string, string];
  const blur = { kind: { $case: "gaussianBlur" as const, value: { sigma: { value: 20 } } } };
  const heavy = { image: large, crappifier: { optics: Array(16).fill(blur), sampling: { scale: 1 } } };
  const timeOf = async (work: Promise<unknown>) => {
    const begun = performance.now();
    await work;
    return performance.now() - begun;
  };
  await crappify.preview({ image: small });
  const whole = await timeOf(crappify.preview(heavy));
  const given = new AbortController();
  const both = [1, 2].map(() => crappify.preview(heavy, { signal: given.signal }));
  // In the middle of the first one's work.
  await sleep(whole / 4);
  given.abort();
  await Promise.all(both.map((preview) => assert.rejects(preview)));
  const passed = await timeOf(crappify.preview({ image: small }));
  assert.ok(passed < whole / 3, `${passed} ms after previews of ${whole} ms were given up`);
});

test("previews that are given up while they wait for bytes let others through", { timeout: 60_000 }, async (t) => {
  const installation = await withDataset(t, { flags: ["--crappify-threads", "1"] });
  const { crappify, dataset, objects } = installation;
  const { name: image, location } = await importImage(installation, "far", png(picture([64, 64], "uint8")));
  const held = objects.hold(location);
  const given = new AbortController();
  const waiting = [1, 2, 3].map(() => crappify.preview({ image }, { signal: given.signal }));
  await held;
  given.abort();
  await Promise.all(waiting.map((preview) => assert.rejects(preview)));
  const { low } = await crappify.preview({ image: dataset.images[0]! });
  assert.ok(low!.data.length > 0);
  objects.release();
  // What was on its way has come to its end, and harms nobody.
  assert.ok((await crappify.preview({ image })).low!.data.length > 0);
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
