/** From the submit of an operation to its job's first line in another process, and from a job's news to who watches it here. */
import { connect } from "@nats-io/transport-node";
import type { Operations } from "@pssr/platform";
import { inTurns } from "../in-turns.js";
import { quantile } from "../median.js";
import { type Row, row } from "../row.js";
import { nowMs, readNumber } from "./clock.js";
import { type Ground, portsOf } from "./ground.js";
import { benchKind, operationsOn, submission } from "./jobs.js";
import { Partner } from "./partner.js";

const submits = 300;
const rounds = 10;
export const eventsPerRound = 100;
/** Between two events: each is seen alone, not conflated with the next. */
export const eventPauseMs = 5;
/** When a step began, or when each of the news of a job was told. */
export type Told = number | number[];
export const plainEvents = "plain.events";

export async function steps(ground: Ground): Promise<Row[]> {
  const open = await portsOf(ground.environment);
  const operations = operationsOn(open);
  operations.register(benchKind("step"));
  operations.register(benchKind("news"));
  await operations.start();
  const partner = await Partner.start<Told>("./working.js", ground.environment);
  try {
    return [...(await submitToRunning(operations, partner)), ...(await news(operations, partner, ground))];
  } finally {
    await partner.end();
    await operations.close();
    await open.close();
  }
}

async function submitToRunning(operations: Operations, partner: Partner<Told>): Promise<Row[]> {
  const took: number[] = [];
  for (let i = 0; i < submits; i++) {
    const begun = nowMs();
    const { name } = await operations.submit(submission("step", `step-${i}`));
    took.push(((await partner.next()) as number) - begun);
    await operations.wait(name);
  }
  return [
    row("cluster/submit-to-running-p50", "ms", quantile(took, 0.5), undefined),
    row("cluster/submit-to-running-p99", "ms", quantile(took, 0.99), undefined),
  ];
}

async function news(operations: Operations, partner: Partner<Told>, ground: Ground): Promise<Row[]> {
  const nats = await connect({ servers: ground.natsUrl });
  try {
    const subscription = nats.subscribe(plainEvents);
    const messages = subscription[Symbol.asyncIterator]();
    await nats.flush();
    const { ours, peer } = await inTurns(rounds, {
      ours: (round) => watched(operations, partner, round),
      async peer() {
        partner.send("publish");
        const took: number[] = [];
        while (took.length < eventsPerRound) {
          const { data } = (await messages.next()).value;
          took.push(nowMs() - readNumber(data));
        }
        return took;
      },
    });
    const against = (part: number) => ({ name: "plain publish and subscribe", value: quantile(peer, part) });
    return [
      row("cluster/watch-event-p50", "ms", quantile(ours, 0.5), undefined, against(0.5)),
      row("cluster/watch-event-p99", "ms", quantile(ours, 0.99), { most: 50 }, against(0.99)),
    ];
  } finally {
    await nats.close();
  }
}

/** How long each news of one job took to who watches it. One that was conflated with later news came with these. */
async function watched(operations: Operations, partner: Partner<Told>, round: number): Promise<number[]> {
  const { name } = await operations.submit(submission("news", `news-${round}`));
  const seenMs: number[] = [];
  for await (const { progress } of operations.watch(name)) {
    const at = nowMs();
    if (progress === undefined) continue;
    const number = readNumber(progress.bytes);
    while (seenMs.length <= number) seenMs.push(at);
  }
  const toldMs = (await partner.next()) as number[];
  return toldMs.map((told, i) => seenMs[i]! - told);
}
