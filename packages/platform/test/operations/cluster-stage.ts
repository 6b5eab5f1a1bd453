/** Real servers on which the lives of one request take place, and what must hold on them once it is done. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { openClusterPorts, S3ObjectStore } from "@pssr/platform";
import { freshName, type NatsOfTests } from "../nats/nats.js";
import { plainClient, s3Config } from "../objects/s3-bucket.js";
import type { Stage } from "./kill-everywhere.js";
import { clusterParts, type Task } from "./mortal-task.js";
import { assertOneResultOn } from "./one-result.js";

type Cluster = Extract<Task["ground"], { cluster: unknown }>["cluster"];

export interface ClusterGround {
  openStage(): Promise<Stage>;
  /** Uploads that processes left unfinished, on all stages so far. */
  unfinished: number;
}

/** Within it the last claims of dead processes come back and are dealt with. */
const settleMs = 10_000;

export function clusterGround(nats: NatsOfTests): ClusterGround {
  const ground: ClusterGround = {
    unfinished: 0,
    openStage: () => openStage(nats, ground),
  };
  return ground;
}

async function openStage(nats: NatsOfTests, ground: ClusterGround): Promise<Stage> {
  const cluster: Cluster = {
    ...nats.config({ name: freshName() }),
    ...(await s3Config({ PSSR_S3_PART_SIZE: "5MiB" })),
  };
  return {
    ground: { cluster },
    async assertOneResult(at) {
      const open = await openClusterPorts(cluster, {
        report: (error) => assert.fail(`${at}: ${error}`),
        visibilityMs: 500,
      });
      try {
        const options = { exclusive: false, made: clusterParts, settled: () => queueIsEmpty(cluster, at) };
        await assertOneResultOn(open.ports, at, options);
      } finally {
        await open.close();
      }
      ground.unfinished += (await unfinishedUploads(cluster)).length;
      await noUploadIsLeft(cluster, at);
    },
  };
}

/** No message is left, and of all the processes one consumer, which waits for nothing. */
async function queueIsEmpty({ natsUrl, natsName }: Cluster, at: string): Promise<void> {
  const connection = await connect({ servers: [...(natsUrl ?? [])] });
  try {
    const manager = await jetstreamManager(connection);
    const stream = `${natsName}_jobs_thing`;
    for (const giveUpAt = performance.now() + settleMs; ; await sleep(20)) {
      const { state } = await manager.streams.info(stream);
      const consumers = await manager.consumers.list(stream).next();
      const found = consumers.map(({ name, num_ack_pending, num_pending }) => [name, num_ack_pending, num_pending]);
      try {
        assert.deepEqual([state.messages, found], [0, [["workers", 0, 0]]], at);
        return;
      } catch (error) {
        if (performance.now() > giveUpAt) throw error;
      }
    }
  } finally {
    await connection.close();
  }
}

/** What a process that died in the middle of an upload left is no object, and goes with the uploads that are too old. */
async function noUploadIsLeft(cluster: Cluster, at: string): Promise<void> {
  const objects = await S3ObjectStore.open(cluster);
  try {
    await objects.removeStaleUploads(0);
  } finally {
    objects.close();
  }
  assert.deepEqual(await unfinishedUploads(cluster), [], at);
}

async function unfinishedUploads({ s3Bucket }: Cluster): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const upload of (await plainClient()).listIncompleteUploads(s3Bucket, "", true)) found.push(upload);
  return found;
}
