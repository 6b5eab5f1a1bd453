/** From the submit of an operation to the first line of its job in another process: record, queue, claim, and the record that says RUNNING. */
import { quantile } from "../median.js";
import { type Row, row } from "../row.js";
import { nowMs } from "./clock.js";
import { type Ground, portsOf } from "./ground.js";
import { benchKind, operationsOn, submission } from "./jobs.js";
import { Partner } from "./partner.js";

const submits = 300;

export async function steps(ground: Ground): Promise<Row[]> {
  const open = await portsOf(ground.environment);
  const operations = operationsOn(open);
  operations.register(benchKind("step"));
  await operations.start();
  const partner = await Partner.start<number>("./stepping.js", ground.environment);
  try {
    const took: number[] = [];
    for (let i = 0; i < submits; i++) {
      const begun = nowMs();
      const { name } = await operations.submit(submission("step", `step-${i}`));
      took.push((await partner.next()) - begun);
      await operations.wait(name);
    }
    return [
      row("cluster/submit-to-running-p50", "ms", quantile(took, 0.5), undefined),
      row("cluster/submit-to-running-p99", "ms", quantile(took, 0.99), undefined),
    ];
  } finally {
    await partner.end();
    await operations.close();
    await open.close();
  }
}
