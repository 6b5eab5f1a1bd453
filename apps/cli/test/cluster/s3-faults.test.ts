/** What happens to work under way when S3 misbehaves: the same results, bit for bit. */
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { after, before, test } from "node:test";
import { answers, cutsRequest, type Fault, FaultyProxy, halfAnswers, losesAnswer, trickles } from "@pssr/local-servers";
import { startCluster, type TestCluster } from "./cluster-job.js";
import { assertNoMoreFiles, assertResults, filesOf, type Results, underWay, undisturbedResults } from "./under-way.js";

let cluster: TestCluster;
let s3: FaultyProxy;
let undisturbed: Results;
/** Of each service after undisturbed work. */
let files: number[];

before(async () => {
  cluster = await startCluster({
    lines: {
      async s3(endpoint) {
        s3 = await FaultyProxy.to(endpoint);
        return s3.endpoint;
      },
    },
  });
  undisturbed = await undisturbedResults(cluster);
  files = await filesOf(cluster);
});
after(async () => {
  await cluster.stop();
  await s3.refuse();
});

const faults: Record<string, { fault: Fault; method?: string }> = {
  "answers 503": { fault: answers(503) },
  "cuts bodies of downloads in half": { fault: halfAnswers("cut"), method: "GET" },
  "cuts bodies of uploads in half": { fault: cutsRequest, method: "PUT" },
  "does what it is asked and loses the answer": { fault: losesAnswer },
  "is slow": { fault: trickles(20, 50) },
};

for (const [what, { fault, method }] of Object.entries(faults)) {
  test(`S3 ${what}, one time in three`, async () => {
    let count = 0;
    const applies = (incoming: IncomingMessage): boolean => method === undefined || incoming.method === method;
    const work = await underWay(cluster, `s3-${Object.keys(faults).indexOf(what)}`);
    const random = seeded(1);
    s3.fault = (incoming) => {
      if (!applies(incoming)) return undefined;
      count += 1;
      return random() < 1 / 3 ? fault : undefined;
    };
    try {
      await assertResults(cluster, work, undisturbed);
    } finally {
      s3.fault = () => undefined;
    }
    assert.ok(count > 3, `only ${count} requests`);
  });
}

test("after all that the processes hold no more files and connections than before", async () => {
  await assertResults(cluster, await underWay(cluster, "last"), undisturbed);
  assertNoMoreFiles(await filesOf(cluster), files);
});

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
