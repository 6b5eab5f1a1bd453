/** What the processes of a cluster tell at /metrics; they need the setting PSSR_METRICS_BIND. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceName } from "@pssr/local-servers";
import type { TestCluster } from "./cluster-job.js";

/** The sum of all series that begin like this, name and labels, over all processes of a service. */
export async function sum(test: TestCluster, service: ServiceName, series: string): Promise<number> {
  let total = 0;
  for (const number of test.cluster.services[service].keys()) {
    const log = await readFile(join(test.folder, "logs", `${service}-${number + 1}.log`), "utf8");
    const address = /"address":"([^"]+)","msg":"metrics are served"/.exec(log)?.[1];
    const text = await (await fetch(`http://${address}/metrics`)).text();
    for (const line of text.split("\n"))
      if (line.startsWith(series)) total += Number(line.slice(line.lastIndexOf(" ") + 1));
  }
  return total;
}
