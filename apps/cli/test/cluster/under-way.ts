/** A training and a prediction in the middle of their work, for tests of what happens to the servers under them. */
import assert from "node:assert/strict";
import type { Operation } from "@pssr/api";
import {
  openFiles,
  preparePrediction,
  restored,
  startPrediction,
  startTraining,
  type TestCluster,
  trained,
  untilDone,
  untilTraining,
} from "./cluster-job.js";

export interface Work {
  training: Operation;
  prediction: Operation;
}

export interface Results {
  training: Awaited<ReturnType<typeof trained>>;
  image: string;
}

/** What comes of work that nothing disturbs. */
export async function undisturbedResults(cluster: TestCluster): Promise<Results> {
  await preparePrediction(cluster);
  return {
    training: await trained(cluster, await startTraining(cluster, "undisturbed")),
    image: await restored(cluster, await startPrediction(cluster, "undisturbed")),
  };
}

/** Starts both; resolves when both are at work. */
export async function underWay(cluster: TestCluster, id: string): Promise<Work> {
  const training = await startTraining(cluster, id);
  await untilTraining(cluster, training, ({ checkpointStep }) => checkpointStep > 0);
  const prediction = await startPrediction(cluster, id);
  await untilDone(cluster, prediction, 2);
  return { training, prediction };
}

/** Waits until both have ended: with these results, and no message is left of them. */
export async function assertResults(cluster: TestCluster, work: Work, expected: Results): Promise<void> {
  assert.equal(await restored(cluster, work.prediction), expected.image);
  assert.deepEqual(await trained(cluster, work.training), expected.training);
  assert.deepEqual(await cluster.jobsLeft(), {});
}

/** Files and connections that each service holds open. */
export async function filesOf({ cluster }: TestCluster): Promise<number[]> {
  return Promise.all(
    Object.values(cluster.services)
      .flat()
      .map(({ pid }) => openFiles(pid)),
  );
}

/** They may hold a few more: connections come and go. */
export function assertNoMoreFiles(now: readonly number[], before: readonly number[]): void {
  for (const [i, count] of now.entries()) assert.ok(count <= before[i]! + 8, `${before[i]} → ${count} open files`);
}
