/** What happens to a training when the process that works on it dies or stands still: the same model, bit for bit. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  attemptOf,
  prepareTraining,
  startCluster,
  startTraining,
  type TestCluster,
  trained,
  trainerAtWork,
  trainingSteps,
  untilTraining,
} from "./cluster-job.js";
import { childrenOf, untilGone } from "./processes.js";

let cluster: TestCluster;
let undisturbed: Awaited<ReturnType<typeof trained>>;

before(async () => {
  cluster = await startCluster({ instances: { train: 2 } });
  await prepareTraining(cluster);
  undisturbed = await trained(cluster, await startTraining(cluster, "undisturbed"));
});
after(() => cluster.stop());

/** How soon a process that is to end has ended, at the latest. */
const goneMs = 30_000;
const everyStep = Array.from({ length: trainingSteps }, (_, i) => i + 1);

test("undisturbed, every step is in the loss curve once, and there is one version", () => {
  assert.deepEqual(undisturbed.steps, everyStep);
  assert.deepEqual([undisturbed.models, undisturbed.versions], [1, 1]);
});

test("a trainer killed between two checkpoints: another goes on, and learns the same", async (context) => {
  const operation = await startTraining(cluster, "killed");
  await untilTraining(cluster, operation, (seen) => seen.checkpointStep > 0 && seen.step > seen.checkpointStep);
  const victim = await trainerAtWork(cluster);
  const computing = await childrenOf(victim.pid);
  await victim.kill();
  const killedAt = performance.now();
  const goneOn = await untilTraining(cluster, operation, ({ attempt }) => attempt === 2);
  context.diagnostic(`another trainer went on after ${((performance.now() - killedAt) / 1000).toFixed(1)} s`);
  assert.ok(goneOn.checkpointStep > 0, "it went on from a checkpoint");
  assert.deepEqual(await trained(cluster, operation), undisturbed);
  assert.deepEqual(await untilGone(computing, goneMs), [], "its training process ended with it");
  await victim.start();
});

test("a trainer killed while it stores a checkpoint: the one before counts", async () => {
  const operation = await startTraining(cluster, "killed-storing");
  const first = await untilTraining(cluster, operation, ({ checkpointStep }) => checkpointStep > 0);
  const victim = await trainerAtWork(cluster);
  const prefix = "operations/default/training-killed-storing/";
  // The second checkpoint's objects begin to appear before the record remembers it.
  while (!(await cluster.objectKeys(prefix)).some((key) => key.includes("/checkpoints/2/"))) {
    const { done } = await cluster.client.operations.getOperation({ name: operation.name });
    assert.equal(done, false, "the training ended before its second checkpoint");
  }
  await victim.kill();
  const goneOn = await untilTraining(cluster, operation, ({ attempt }) => attempt === 2);
  assert.ok(goneOn.checkpointStep >= first.checkpointStep);
  assert.deepEqual(await trained(cluster, operation), undisturbed);
  await victim.start();
});

test("a trainer frozen past its lease is replaced; woken, it changes nothing", async () => {
  const operation = await startTraining(cluster, "frozen");
  await untilTraining(cluster, operation, ({ checkpointStep }) => checkpointStep > 0);
  const frozen = await trainerAtWork(cluster);
  frozen.freeze();
  await untilTraining(cluster, operation, ({ attempt, step }) => attempt === 2 && step > 0);
  frozen.thaw();
  assert.deepEqual(await trained(cluster, operation), undisturbed);
  assert.equal(await attemptOf(cluster, operation), 2);
});

test("a trainer asked to stop leaves a checkpoint, and the other goes on from there: no crash", async () => {
  const operation = await startTraining(cluster, "given-back");
  await untilTraining(cluster, operation, ({ step }) => step > 3);
  const stopped = await trainerAtWork(cluster);
  await stopped.stop();
  const goneOn = await untilTraining(
    cluster,
    operation,
    ({ attempt, checkpointStep }) => attempt === 2 && checkpointStep > 0,
  );
  assert.ok(goneOn.checkpointStep > 0);
  assert.deepEqual(await trained(cluster, operation), undisturbed);
  await stopped.start();
});

test("two trainers never work on one training at once, and two trainings run on two trainers", async () => {
  const operations = [await startTraining(cluster, "one"), await startTraining(cluster, "two")];
  for (const operation of operations) await untilTraining(cluster, operation, ({ step }) => step > 0);
  const working = await Promise.all(
    cluster.cluster.services.train.map(async ({ pid }) => (await childrenOf(pid)).length),
  );
  assert.deepEqual(working, [1, 1]);
  for (const operation of operations) {
    assert.deepEqual(await trained(cluster, operation), undisturbed);
    assert.equal(await attemptOf(cluster, operation), 1);
  }
});
