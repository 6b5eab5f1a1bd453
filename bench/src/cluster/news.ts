/**
 * From a job's news to who watches it in another process: through operations, beside the plain client's publish and subscribe;
 * and through the gateway, as a user's program watches.
 */
import { connect } from "@nats-io/transport-node";
import { OperationMetadata, Progress } from "@pssr/api";
import type { PssrClient } from "@pssr/client";
import type { Operations } from "@pssr/platform";
import { inTurns } from "../in-turns.js";
import { quantile } from "../median.js";
import { type Row, row } from "../row.js";
import { nowMs, readNumber } from "./clock.js";
import { type Ground, portsOf } from "./ground.js";
import { benchKind, operationsOn, submission } from "./jobs.js";
import { Partner } from "./partner.js";

const rounds = 10;
export const newsPerRound = 100;
/** Between two news: each is seen alone, not conflated with the next. */
export const newsPauseMs = 5;
export const plainSubject = "plain.news";

/** When each of the news of a round was told. */
type Told = number[];
type Watch = (operation: string) => AsyncIterable<Progress | undefined>;

export async function news(ground: Ground): Promise<Row[]> {
  const nats = await connect({ servers: ground.natsUrl });
  const messages = nats.subscribe(plainSubject)[Symbol.asyncIterator]();
  try {
    return await withTeller(ground.environment, async (operations, teller) => {
      const { ours, peer } = await inTurns(rounds, {
        ours: (round) => watched(operations, teller, round, (name) => progressOf(operations, name)),
        async peer() {
          teller.send("publish");
          const took: number[] = [];
          while (took.length < newsPerRound) {
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
    });
  } finally {
    await nats.close();
  }
}

/** The same in a whole cluster, watched with a client of its gateway. */
export async function newsThroughGateway(
  environment: Readonly<Record<string, string>>,
  client: PssrClient,
): Promise<Row[]> {
  return withTeller(environment, async (operations, teller) => {
    const took: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const values = await watched(operations, teller, round, (name) => progressFrom(client, name));
      if (round > 0) took.push(...values);
    }
    return [
      row("cluster/watch-event-gateway-p50", "ms", quantile(took, 0.5), undefined),
      row("cluster/watch-event-gateway-p99", "ms", quantile(took, 0.99), { most: 50 }),
    ];
  });
}

async function withTeller(
  environment: Readonly<Record<string, string>>,
  measure: (operations: Operations, teller: Partner<Told>) => Promise<Row[]>,
): Promise<Row[]> {
  const open = await portsOf(environment);
  const operations = operationsOn(open);
  operations.register(benchKind("news"));
  await operations.start();
  const teller = await Partner.start<Told>("./telling.js", environment);
  try {
    return await measure(operations, teller);
  } finally {
    await teller.end();
    await operations.close();
    await open.close();
  }
}

/** How long each news of one job took to its watcher. One that was conflated with later news came with these. */
async function watched(operations: Operations, teller: Partner<Told>, round: number, watch: Watch): Promise<number[]> {
  const { name } = await operations.submit(submission("news", `news-${round}`));
  const seenMs: number[] = [];
  let isWatching = false;
  for await (const progress of watch(name)) {
    const at = nowMs();
    if (!isWatching) teller.send("tell");
    isWatching = true;
    if (progress === undefined) continue;
    while (seenMs.length <= Number(progress.done)) seenMs.push(at);
  }
  const toldMs = await teller.next();
  return toldMs.map((told, i) => seenMs[i]! - told);
}

async function* progressOf(operations: Operations, name: string): AsyncGenerator<Progress | undefined> {
  for await (const { progress } of operations.watch(name)) yield progress && Progress.decode(progress.bytes);
}

async function* progressFrom(client: PssrClient, name: string): AsyncGenerator<Progress | undefined> {
  for await (const { operation } of client.watches.watchOperation({ name })) {
    yield OperationMetadata.decode(operation!.metadata!.value).progress;
  }
}
