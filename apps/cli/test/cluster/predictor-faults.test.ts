/** What happens to a prediction when a process that works on it dies or stands still: the same image, bit for bit. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isPssrError } from "@pssr/api";
import {
  parent,
  preparePrediction,
  restored,
  startCluster,
  startPrediction,
  type TestCluster,
  untilDone,
} from "./cluster-job.js";

let cluster: TestCluster;
let undisturbed: string;

before(async () => {
  cluster = await startCluster({ instances: { predict: 2 } });
  await preparePrediction(cluster);
  undisturbed = await restored(cluster, await startPrediction(cluster, "undisturbed"));
});
after(() => cluster.stop());

test("two predictors share the regions of one image", async () => {
  assert.match(undisturbed, /^[a-z0-9:]{64,}$/);
  for (const i of [1, 2]) {
    const log = await readFile(join(cluster.folder, "logs", `predict-${i}.log`), "utf8");
    assert.match(log, /"operation":"projects\/default\/operations\/prediction-undisturbed".*region restored/);
  }
});

for (const i of [0, 1]) {
  test(`predictor ${i + 1} killed in the middle of a region: the image is whole and the same`, async () => {
    const operation = await startPrediction(cluster, `killed-${i}`);
    await untilDone(cluster, operation, 6);
    const victim = cluster.cluster.services.predict[i];
    await victim?.kill();
    assert.ok([undefined, undisturbed].includes(await digestOf(`killed-${i}`)), "an image is complete or absent");
    assert.equal(await restored(cluster, operation), undisturbed);
    await victim?.start();
  });

  test(`predictor ${i + 1} frozen past its lease and woken: the image is whole and the same`, async () => {
    const operation = await startPrediction(cluster, `frozen-${i}`);
    await untilDone(cluster, operation, 6);
    const frozen = cluster.cluster.services.predict[i];
    frozen?.freeze();
    try {
      await restored(cluster, operation);
    } finally {
      frozen?.thaw();
    }
    assert.equal(await restored(cluster, operation), undisturbed);
    assert.equal(await restored(cluster, await startPrediction(cluster, `after-frozen-${i}`)), undisturbed);
  });
}

test("both predictors asked to stop, one after the other: what is done is kept, nothing fails", async () => {
  const operation = await startPrediction(cluster, "rolled");
  await untilDone(cluster, operation, 6);
  for (const one of cluster.cluster.services.predict) {
    await one.stop();
    await one.start();
  }
  assert.equal(await restored(cluster, operation), undisturbed);
});

test("nothing is left of regions once their images are there", async () => {
  assert.deepEqual(await cluster.jobsLeft(), {});
});

/** Digest of an image's pixels; undefined where there is no such image. */
async function digestOf(id: string): Promise<string | undefined> {
  try {
    return (await cluster.client.images.getImage({ name: `${parent}/images/${id}` })).digest;
  } catch (error) {
    if (isPssrError(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}
