/** What happens to work under way when NATS or S3 dies, is gone for a while, or misbehaves: the same results, bit for bit. */
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Operation } from "@pssr/api";
import { answers, cutsRequest, type Fault, FaultyProxy, halfAnswers, losesAnswer, trickles } from "@pssr/local-servers";
import {
  attemptOf,
  openFiles,
  preparePrediction,
  restored,
  startCluster,
  startPrediction,
  startTraining,
  type TestCluster,
  trained,
  untilDone,
  untilTraining,
} from "./cluster-job.js";

let cluster: TestCluster;
let s3: FaultyProxy;
/** Open files of each service after undisturbed work. */
let files: number[];
let undisturbed: { training: Awaited<ReturnType<typeof trained>>; image: string };

before(async () => {
  cluster = await startCluster({
    lines: {
      async s3(endpoint) {
        s3 = await FaultyProxy.to(endpoint);
        return s3.endpoint;
      },
    },
  });
  await preparePrediction(cluster);
  undisturbed = {
    training: await trained(cluster, await startTraining(cluster, "undisturbed")),
    image: await restored(cluster, await startPrediction(cluster, "undisturbed")),
  };
  files = await filesOf();
});
after(async () => {
  await cluster.stop();
  await s3.refuse();
});

interface Work {
  training: Operation;
  prediction: Operation;
}

/** A training and a prediction in the middle of their work. */
async function underWay(id: string): Promise<Work> {
  const training = await startTraining(cluster, id);
  await untilTraining(cluster, training, ({ checkpointStep }) => checkpointStep > 0);
  const prediction = await startPrediction(cluster, id);
  await untilDone(cluster, prediction, 2);
  return { training, prediction };
}

async function assertSameResults({ training, prediction }: Work): Promise<void> {
  assert.equal(await restored(cluster, prediction), undisturbed.image);
  assert.deepEqual(await trained(cluster, training), undisturbed.training);
  assert.deepEqual(await cluster.jobsLeft(), {});
}

test("NATS killed and started again: work goes on where it was", async () => {
  const work = await underWay("nats-killed");
  await cluster.cluster.nats.kill();
  await cluster.cluster.nats.start();
  await assertSameResults(work);
  assert.equal(await attemptOf(cluster, work.training), 1, "nobody took the training away");
});

test("NATS gone for a minute: work goes on meanwhile as far as it can, and ends when NATS is back", async () => {
  const work = await underWay("nats-gone");
  await cluster.cluster.nats.kill();
  await sleep(60_000); // the fault itself
  await cluster.cluster.nats.start();
  await assertSameResults(work);
  assert.equal(await attemptOf(cluster, work.training), 1, "nobody took the training away");
});

test("S3 killed and started again", async () => {
  const work = await underWay("s3-killed");
  await cluster.cluster.s3.kill();
  await sleep(3_000); // the fault itself
  await cluster.cluster.s3.start();
  await assertSameResults(work);
});

const faults: Record<string, { fault: Fault; method?: string }> = {
  "answers 503": { fault: answers(503) },
  "cuts bodies of downloads in half": { fault: halfAnswers("cut"), method: "GET" },
  "cuts bodies of uploads in half": { fault: cutsRequest, method: "PUT" },
  "does what it is asked and loses the answer": { fault: losesAnswer },
  "is slow": { fault: trickles(20, 100) },
};

for (const [what, { fault, method }] of Object.entries(faults)) {
  test(`S3 ${what}, one time in three`, async () => {
    let count = 0;
    const applies = (incoming: IncomingMessage): boolean => method === undefined || incoming.method === method;
    const work = await underWay(`s3-${Object.keys(faults).indexOf(what)}`);
    const random = seeded(1);
    s3.fault = (incoming) => {
      if (!applies(incoming)) return undefined;
      count += 1;
      return random() < 1 / 3 ? fault : undefined;
    };
    try {
      await assertSameResults(work);
    } finally {
      s3.fault = () => undefined;
    }
    assert.ok(count > 3, `only ${count} requests`);
  });
}

test("after all that the processes hold no more files and connections than before", async () => {
  await assertSameResults(await underWay("last"));
  for (const [i, count] of (await filesOf()).entries()) {
    assert.ok(count <= files[i]! + 8, `${files[i]} → ${count} open files`);
  }
});

async function filesOf(): Promise<number[]> {
  return Promise.all(services().map(({ pid }) => openFiles(pid)));
}

/** Numbers from 0 to 1 that look random and are the same for the same seed (Marsaglia 2003, xorshift). */
function seeded(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

function services() {
  const { crappify, train, predict, gateway } = cluster.cluster.services;
  return [...crappify, ...train, ...predict, ...gateway];
}
