/** What happens to work under way when NATS or S3 dies or is gone for a while: the same results, bit for bit. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { attemptOf, startCluster, type TestCluster } from "./cluster-job.js";
import { assertNoMoreFiles, assertResults, filesOf, type Results, underWay, undisturbedResults } from "./under-way.js";

let cluster: TestCluster;
let undisturbed: Results;
/** Of each service after undisturbed work. */
let files: number[];

before(async () => {
  cluster = await startCluster({});
  undisturbed = await undisturbedResults(cluster);
  files = await filesOf(cluster);
});
after(() => cluster.stop());

test("NATS killed and started again: work goes on where it was", async () => {
  const work = await underWay(cluster, "nats-killed");
  await cluster.cluster.nats.kill();
  await cluster.cluster.nats.start();
  await assertResults(cluster, work, undisturbed);
  assert.equal(await attemptOf(cluster, work.training), 1, "nobody took the training away");
});

test("NATS gone for a minute: work goes on meanwhile as far as it can, and ends when NATS is back", async () => {
  const work = await underWay(cluster, "nats-gone");
  await cluster.cluster.nats.kill();
  await sleep(60_000); // the fault itself
  await cluster.cluster.nats.start();
  await assertResults(cluster, work, undisturbed);
  assert.equal(await attemptOf(cluster, work.training), 1, "nobody took the training away");
});

test("S3 killed and started again", async () => {
  const work = await underWay(cluster, "s3-killed");
  await cluster.cluster.s3.kill();
  await sleep(3_000); // the fault itself
  await cluster.cluster.s3.start();
  await assertResults(cluster, work, undisturbed);
});

test("after all that the processes hold no more files and connections than before", async () => {
  await assertResults(cluster, await underWay(cluster, "last"), undisturbed);
  assertNoMoreFiles(await filesOf(cluster), files);
});
