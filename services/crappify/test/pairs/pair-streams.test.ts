import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
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

const key = { project: "em", id: "d" };

/** Pixels that tell what is asked of them for pairs. */
class WatchedPixels extends PixelReader {
  /** How many pairs each task was to make. */
  readonly runs: number[] = [];
  readonly given: ArrayBuffer[] = [];
  readonly made: ArrayBuffer[] = [];

  override async pairs(...[orders, into, options]: Parameters<PixelReader["pairs"]>): Promise<ArrayBuffer> {
    this.runs.push(orders.length);
    this.given.push(into);
    const made = await super.pairs(orders, into, options);
    this.made.push(made);
    return made;
  }
}

/** Streams over a dataset `d` of tiles of 32². */
async function startStreams(t: TestContext, threads: number) {
  const { ports, ...installation } = await startInstallation(t);
  const { name } = await importImage({ ports, ...installation }, "a", png(picture([200, 200], "uint8")));
  await installation.datasets.createDataset({
    parent: project,
    datasetId: "d",
    dataset: { images: [name], tileSize: 32 },
  });
  const pixels = new WatchedPixels({ objects: ports.objects, threads, cacheBytes: 2 ** 20 });
  t.after(() => pixels.close());
  const log = createLogger({ service: "crappify", level: "silent" });
  const streams = new PairStreams({ datasets: new DatasetCatalogue(ports), pixels, prefetchBytes: 2 ** 20, log });
  return { pixels, streams };
}

test("small pairs are made several in a task, those of a step by all threads, and no task has pairs of two steps", async (t) => {
  const { pixels, streams } = await startStreams(t, 2);
  for await (const _ of streams.open(key, "", { ...spec, batchSize: 7, steps: 3 }, {}));
  assert.deepEqual(pixels.runs, [4, 3, 4, 3, 4, 3]);
});

test("the memory of pairs that were read is that of later ones", async (t) => {
  const { pixels, streams } = await startStreams(t, 1);
  for await (const pair of streams.open(key, "", { ...spec, steps: 40 }, {})) pair.release();
  assert.equal(pixels.given.length, 40);
  const isNew = (memory: ArrayBuffer) => !pixels.made.includes(memory);
  assert.ok(pixels.given.filter(isNew).length <= 4 * pixels.parallelism + 1);
});

test("a stream that is given up leaves no work behind, whether aborted or left", async (t) => {
  const { pixels, streams } = await startStreams(t, 1);

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
