/**
 * What a cluster costs beside its servers' plain clients, all on this machine with real NATS and S3 servers: hand-over of jobs,
 * news of progress, work after a kill -9, long lists, objects, records.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Row } from "../row.js";
import { startGround } from "./ground.js";
import { handOver } from "./hand-over.js";
import { news } from "./news.js";
import { objects } from "./objects.js";
import { records } from "./records.js";
import { steps } from "./steps.js";
import { takeOver } from "./take-over.js";
import { wholeCluster } from "./whole-cluster.js";

const out = "out/bench-cluster";

export async function run(): Promise<Row[]> {
  await rm(out, { recursive: true, force: true });
  const rows: Row[] = [];
  const ground = await startGround(join(out, "ground"));
  try {
    for (const measure of [handOver, steps, news, takeOver, objects, records])
      rows.push(...(await timed(measure.name, () => measure(ground))));
  } finally {
    await ground.stop();
  }
  rows.push(...(await timed(wholeCluster.name, () => wholeCluster(join(out, "cluster")))));
  await rm(out, { recursive: true });
  return rows;
}

async function timed(name: string, measure: () => Promise<Row[]>): Promise<Row[]> {
  const begun = performance.now();
  const rows = await measure();
  process.stderr.write(`${name}: ${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
  return rows;
}
