/** Ten thousand queued operations: how long it takes to submit them, and to list them page by page through the gateway of a whole cluster. */
import { connect } from "@pssr/client";
import { LocalCluster } from "@pssr/local-servers";
import { median } from "../median.js";
import { type Row, row } from "../row.js";
import { Partner } from "./partner.js";

const count = 10_000;
const pageSize = 1_000;
const rounds = 5;

export async function longList(directory: string): Promise<Row[]> {
  const cluster = await LocalCluster.start({ directory });
  const client = connect(cluster.address);
  let partner: Partner<number> | undefined;
  const list = async (): Promise<number> => {
    let listed = 0;
    for (let pageToken = "", isLast = false; !isLast; ) {
      const request = { name: "projects/default", filter: "", pageSize, pageToken };
      const { operations, nextPageToken } = await client.operations.listOperations(request);
      listed += operations.length;
      pageToken = nextPageToken;
      isLast = pageToken === "";
    }
    return listed;
  };
  try {
    partner = await Partner.start<number>("./submitting.js", cluster.environment, [`${count}`]);
    const submitSeconds = await partner.next();
    // The gateway learns them one after the other.
    let listed = 0;
    while (listed < count) listed = await list();
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const begun = performance.now();
      listed = await list();
      seconds.push((performance.now() - begun) / 1000);
      if (listed !== count) throw new Error(`${listed} of ${count} operations were listed`);
    }
    return [
      row("cluster/submit-10000", "s", submitSeconds, undefined),
      row("cluster/list-10000", "s", median(seconds), { most: 1 }),
    ];
  } finally {
    client.close();
    await partner?.end();
    await cluster.stop();
  }
}
