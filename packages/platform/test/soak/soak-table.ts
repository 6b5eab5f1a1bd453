/** What a soak prints of itself. */
import type { Callers } from "./callers.js";
import type { Crew } from "./crew.js";
import type { Faults } from "./faults.js";
import type { History, Loss } from "./history.js";
import type { Cause } from "./silence.js";
import type { WorkerLife } from "./worker-life.js";
import { leaseMs, type Measurement } from "./worker-messages.js";

export interface SoakCounts {
  crew: Crew;
  /** Workers asked to end, while faults came. */
  stops: number;
  faults: Faults["counts"];
  history: History;
  callers: Callers;
  losses: readonly (Loss & { cause: Cause | undefined; life: WorkerLife | undefined })[];
  /** Operations by state, or by the reason of their error. */
  ends: ReadonlyMap<string, number>;
  orphans: number;
  uploads: number;
  /** Followers that the server keeps for workers that are gone. */
  consumers: number;
  /** Of the worker that is never killed. */
  memory: { early: Measurement; late: Measurement };
  /** How long faults came, and how long the work took from then on. */
  elapsedMs: number;
  settledMs: number;
}

export function tableOf(counts: SoakCounts): string {
  const { crew, faults, history, callers, losses, ends, memory } = counts;
  const killed = losses.flatMap(({ cause, life, takenMs }) =>
    cause === "killed" && life?.killedMs !== undefined ? [takenMs - life.killedMs] : [],
  );
  const records = [...history.operations.values()].map(({ record }) => record);
  const byCause = tally(losses.map(({ cause }) => cause ?? "unexplained"));
  const bySelf = crew.lives.filter(({ end, killedMs }) => end?.signal === "SIGKILL" && killedMs === undefined).length;
  const ended = history.endedMs;
  const pauses = ended.slice(1).map((atMs, i) => atMs - ended[i]!);
  const mib = ({ heapBytes, openFiles }: Measurement): string =>
    `${(heapBytes / 2 ** 20).toFixed(1)} MiB, ${openFiles} files`;
  const rows: [string, string][] = [
    ["faults came for", `${seconds(counts.elapsedMs)}, then all work ended within ${seconds(counts.settledMs)}`],
    [
      "workers killed (kill -9)",
      `${crew.kills}, of them ${bySelf} by themselves before or after a write; ${crew.lives.length} started`,
    ],
    ["workers asked to stop", `${counts.stops}`],
    ["workers frozen", `${faults.freezes}`],
    ["lines cut or silent", `${faults.cuts}`],
    ["NATS restarted", `${faults.natsRestarts}`],
    ["S3 restarted", `${faults.s3Restarts}`],
    ["operations", `${records.length} (${shown(ends)}); ${callers.acknowledged.size} acknowledged`],
    ["attempts", `${records.reduce((sum, { attempt }) => sum + attempt, 0)}`],
    ["jobs taken over", `${losses.length} (${shown(byCause)})`],
    [
      `kill to the next claim`,
      `p50 ${quantile(killed, 0.5)}, p99 ${quantile(killed, 0.99)}, longest ${quantile(killed, 1)} (lease ${leaseMs} ms)`,
    ],
    ["longest without an end", quantile(pauses, 1)],
    ["objects of lost attempts", `${counts.orphans} swept; ${counts.uploads} unfinished uploads ended`],
    ["followers left in NATS", `${counts.consumers}, which it forgets after a while`],
    ["the worker never killed", `${mib(memory.early)} early, ${mib(memory.late)} at the end`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join("\n");
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function quantile(values: readonly number[], part: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return value === undefined ? "none" : `${Math.round(value)} ms`;
}

function tally(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function shown(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}
