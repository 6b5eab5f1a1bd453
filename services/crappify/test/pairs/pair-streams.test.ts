import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultCrappifier } from "@pssr/crappifiers";
import { createLogger } from "@pssr/platform";
import { DatasetCatalogue } from "../../dist/datasets/dataset-catalogue.js";
import type { PairStreamSpec } from "../../dist/pairs/pair-plan.js";
import { PairStreams } from "../../dist/pairs/pair-streams.js";
import { PixelReader } from "../../dist/pixels/pixel-reader.js";
import { project, startInstallation } from "../installation.js";
import { picture, png } from "../pictures.js";
import { importImage } from "../upload.js";

const spec: PairStreamSpec = {
  split: "training",
  crappifier: defaultCrappifier,
  seed: 1n,
  batchSize: 4,
  fromStep: 0,
  steps: 0,
  augment: false,
  fixedNoise: false,
  intensityAugmentation: 0,
  shardIndex: 0,
  shardCount: 1,
};

test("a stream that is given up leaves no work behind, whether aborted or left", async (t) => {
  const { ports, ...installation } = await startInstallation(t);
  const { name } = await importImage({ ports, ...installation }, "a", png(picture([200, 200], "uint8")));
  await installation.datasets.createDataset({
    parent: project,
    datasetId: "d",
    dataset: { images: [name], tileSize: 32 },
  });
  const pixels = new PixelReader({ objects: ports.objects, threads: 1, cacheBytes: 2 ** 20 });
  t.after(() => pixels.close());
  const log = createLogger({ service: "crappify", level: "silent" });
  const streams = new PairStreams({ datasets: new DatasetCatalogue(ports), pixels, prefetchBytes: 2 ** 20, log });
  const key = { project: "em", id: "d" };

  const controller = new AbortController();
  let received = 0;
  await assert.rejects(async () => {
    for await (const _ of streams.open(key, "", spec, { signal: controller.signal })) {
      assert.ok(pixels.load <= 4 * pixels.parallelism);
      if (++received === 10) controller.abort(new Error("no longer wanted"));
    }
  }, /no longer wanted/);
  assert.equal(received, 10);
  assert.equal(pixels.load, 0);

  for await (const _ of streams.open(key, "", spec, {})) break;
  assert.equal(pixels.load, 0);
});
