/** The course of a soak: faults while callers ask for work, then peace until all work has ended, then the verdict. */
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsServer, S3Server } from "@pssr/local-servers";
import { loadConfig, NatsConnection, natsSettings, openClusterPorts, s3Settings } from "@pssr/platform";
import { Callers } from "./callers.js";
import { Chance } from "./chance.js";
import { Crew } from "./crew.js";
import { Faults } from "./faults.js";
import { History, type Loss, type Seen } from "./history.js";
import type { Journal } from "./journal.js";
import { causeOfSilence } from "./silence.js";
import type { SoakCounts } from "./soak-table.js";
import { consumersLeft, endUploads, judgeOperations, judgeSurvivor, judgeTheDayAfter, leftInQueue } from "./verdict.js";
import type { Pause } from "./worker-life.js";
import type { Orders } from "./worker-messages.js";

/** A machine on which so many take longer, as it is slow or has other things to do, goes on until it has had them. */
const killsPerMinute = 200;
const longestTimes = 15;
const workers = 6;
const concurrency = 3;
const operationsAtOnce = 12;
/** What of the first operations passes before the survivor is measured for the first time. */
const earlyOperations = 40;
/** In which all work ends once nothing befalls it any more. */
const settleMs = 60_000;
/** In which claims of dead workers have come back, and are acknowledged by who finds that there is nothing left to do. */
const emptyMs = 20_000;

export interface SoakOptions {
  seconds: number;
  seed: string;
  journal: Journal;
  servers: { nats: NatsServer; s3: S3Server };
}

export async function runSoak({ seconds, seed, journal, servers }: SoakOptions): Promise<SoakCounts> {
  const cluster = clusterOf(servers);
  const chance = new Chance(seed);
  const natsOutages: Pause[] = [];
  const report = (error: unknown, doing: string): void => journal.note(`driver: ${doing}: ${error}`);
  // The stream of records must be there before anybody can follow it.
  await (await openClusterPorts(cluster, { report })).close();
  const nats = await NatsConnection.open({ ...cluster, natsUrl: [servers.nats.url] }, { report });
  const crew = new Crew({ size: workers, concurrency, cluster, chance: chance.line("workers"), journal });
  const history = new History(nats, journal, (seen, losses) => gaveUp(seen, losses));
  const callers = new Callers({ atOnce: operationsAtOnce, crew, history, chance: chance.line("callers"), journal });
  const faults = new Faults({ crew, servers, natsOutages, chance: chance.line("faults"), journal });
  const causeOf = (loss: Loss) => {
    const life = crew.byClaimant(loss.claimant);
    return { life, cause: life && causeOfSilence(life, natsOutages, loss) };
  };
  /** An operation may be given up where its workers were lost three times in a row; whether they were is judged for each loss. */
  const gaveUp = ({ key, record }: Seen, losses: readonly Loss[]): void => {
    const causes = losses.map((loss) => `attempt ${loss.attempt}: ${causeOf(loss).cause}`);
    journal.note(`${key} is given up: ${causes.join(", ")}`);
    if (record.crashes !== 3) journal.violation(`${key} was given up after ${record.crashes} crashes`);
  };

  const startMs = performance.now();
  const elapsedMs = (): number => performance.now() - startMs;
  await crew.start(servers.s3);
  history.start();
  callers.start();
  faults.start();
  while (history.endedMs.length < earlyOperations && elapsedMs() < seconds * 500) await sleep(50);
  const early = { ...(await crew.measureSurvivor()), operations: history.operations.size };
  const kills = Math.floor((killsPerMinute * seconds) / 60);
  while (elapsedMs() < seconds * 1000 || (crew.kills < kills && elapsedMs() < seconds * 1000 * longestTimes)) {
    await sleep(100);
  }
  if (crew.kills < kills) journal.violation(`only ${crew.kills} of ${kills} kills`);

  await faults.end();
  await crew.spareAll();
  const faultsMs = elapsedMs();
  const { stops } = crew;
  journal.note("nothing befalls anyone any more");
  await callers.end(settleMs);
  const settledMs = elapsedMs() - faultsMs;
  let left = await leftInQueue(nats.core, cluster.natsName);
  for (const until = elapsedMs() + emptyMs; left !== undefined && elapsedMs() < until; await sleep(100)) {
    left = await leftInQueue(nats.core, cluster.natsName);
  }
  if (left !== undefined) journal.violation(left);
  const late = { ...(await crew.measureSurvivor()), operations: history.operations.size };
  judgeSurvivor(early, late, journal);
  await crew.close();

  const open = await openClusterPorts(cluster, { report });
  const ends = await judgeOperations(history, callers, open.ports.objects, journal);
  const orphans = await judgeTheDayAfter(open.ports, history, journal);
  await open.close();
  const consumers = await consumersLeft(nats.core, cluster.natsName);
  await history.close();
  await nats.close();
  const uploads = await endUploads(cluster, journal);
  const losses = history.losses.map((loss) => ({ ...loss, ...causeOf(loss) }));
  for (const { key, attempt, lastMs, takenMs, cause, life } of losses) {
    if (cause !== undefined) continue;
    const silence = `${takenMs - lastMs} ms of silence that nothing explains`;
    journal.violation(`attempt ${attempt} of ${key}, by ${life}, was taken over after ${silence}`);
  }
  return {
    ...{ crew, stops, faults: faults.counts, history, callers, losses, ends },
    ...{ orphans, uploads, consumers, memory: { early, late }, elapsedMs: faultsMs, settledMs },
  };
}

function clusterOf({ nats, s3 }: SoakOptions["servers"]): Orders["cluster"] {
  return loadConfig(
    { ...natsSettings, ...s3Settings },
    {
      argv: [],
      env: {
        PSSR_NATS_URL: nats.url,
        PSSR_NATS_TIMEOUT: "2s",
        PSSR_S3_ENDPOINT: s3.endpoint,
        PSSR_S3_ACCESS_KEY: s3.accessKey,
        PSSR_S3_SECRET_KEY: s3.secretKey,
        PSSR_S3_PART_SIZE: "5MiB",
        PSSR_S3_IDLE_TIMEOUT: "2s",
      },
    },
  );
}
