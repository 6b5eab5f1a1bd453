/** How long the work of a worker that is killed stands still: until another worker's attempt runs, with the default lease and visibility. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Row, row } from "../row.js";
import { nowMs } from "./clock.js";
import { type Ground, portsOf } from "./ground.js";
import { benchKind, operationsOn, submission } from "./jobs.js";
import { Partner } from "./partner.js";

/** So many workers are killed, one after the other. */
const victims = 6;
/** Between two kills, so that they come at all times between two heartbeats and between two sweeps. */
const pauseMs = 1_130;

/** What a worker tells when it begins an attempt. */
export interface Begun {
  operation: string;
  atMs: number;
}

export async function takeOver(ground: Ground): Promise<Row[]> {
  const open = await portsOf(ground.environment);
  const operations = operationsOn(open);
  operations.register(benchKind("endless"));
  await operations.start();
  const workers: Partner<Begun>[] = [];
  const startWorker = async (lanes: number): Promise<Partner<Begun>> => {
    const worker = await Partner.start<Begun>("./enduring.js", ground.environment, [`${lanes}`]);
    workers.push(worker);
    return worker;
  };
  try {
    for (let i = 0; i < victims; i++) {
      await startWorker(1);
      await operations.submit(submission("endless", `endless-${i}`));
    }
    const runs = await Promise.all(workers.map(async (worker) => ({ worker, ...(await worker.next()) })));
    const survivor = await startWorker(victims);
    const killedAt = new Map<string, number>();
    for (const { worker, operation } of runs) {
      await sleep(pauseMs);
      killedAt.set(operation, worker.kill(nowMs));
    }
    const seconds: number[] = [];
    for (let i = 0; i < victims; i++) {
      const { operation, atMs } = await survivor.next();
      seconds.push((atMs - killedAt.get(operation)!) / 1000);
    }
    await Promise.all(runs.map(({ operation }) => operations.cancel(operation)));
    await Promise.all(runs.map(({ operation }) => operations.wait(operation)));
    return [row("cluster/goes-on-after-kill", "s", Math.max(...seconds), { most: 15 })];
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
    await operations.close();
    await open.close();
  }
}
