/**
 * What a user's program sees of a whole cluster through its gateway: news of a job, and ten thousand queued operations listed
 * page by page; and how long it takes to submit so many.
 */
import { connect, type PssrClient } from "@pssr/client";
import { LocalCluster } from "@pssr/local-servers";
import { median } from "../median.js";
import { type Row, row } from "../row.js";
import { newsThroughGateway } from "./news.js";
import { Partner } from "./partner.js";

const count = 10_000;
const pageSize = 1_000;
const rounds = 5;

export async function wholeCluster(directory: string): Promise<Row[]> {
  const cluster = await LocalCluster.start({ directory });
  const client = connect(cluster.address);
  try {
    return [...(await newsThroughGateway(cluster.environment, client)), ...(await longList(cluster, client))];
  } finally {
    client.close();
    await cluster.stop();
  }
}

async function longList(cluster: LocalCluster, client: PssrClient): Promise<Row[]> {
  const before = await list(client);
  const partner = await Partner.start<number>("./submitting.js", cluster.environment, [`${count}`]);
  try {
    const submitSeconds = await partner.next();
    // The gateway learns them one after the other.
    for (let listed = 0; listed < before + count; ) listed = await list(client);
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const begun = performance.now();
      const listed = await list(client);
      seconds.push((performance.now() - begun) / 1000);
      if (listed !== before + count) throw new Error(`${listed} of ${before + count} operations were listed`);
    }
    return [
      row("cluster/submit-10000", "s", submitSeconds, undefined),
      row("cluster/list-10000", "s", median(seconds), { most: 1 }),
    ];
  } finally {
    await partner.end();
  }
}

/** How many there are, counted page by page. */
async function list(client: PssrClient): Promise<number> {
  let listed = 0;
  for (let pageToken = "", isLast = false; !isLast; ) {
    const request = { name: "projects/default", filter: "", pageSize, pageToken };
    const { operations, nextPageToken } = await client.operations.listOperations(request);
    listed += operations.length;
    pageToken = nextPageToken;
    isLast = pageToken === "";
  }
  return listed;
}
