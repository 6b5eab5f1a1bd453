/** From the call of publish in one process to the claim in another that waits idle; beside the plain client on an equal stream. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "@nats-io/transport-node";
import { inTurns } from "../in-turns.js";
import { quantile } from "../median.js";
import { type Row, row } from "../row.js";
import { nowMs, numberBytes } from "./clock.js";
import { type Ground, portsOf } from "./ground.js";
import { Partner } from "./partner.js";
import { makePlainQueue } from "./plain-queue.js";

const rounds = 10;
const jobsPerRound = 100;
/** Between two jobs: the request of the waiting side is at the server by then. */
const pauseMs = 3;

export async function handOver(ground: Ground): Promise<Row[]> {
  const open = await portsOf(ground.environment);
  const nats = await connect({ servers: ground.natsUrl });
  const plain = await makePlainQueue(nats);
  const partner = await Partner.start<number>("./claiming.js", ground.environment);
  const measure = async (publish: (id: string, payload: Uint8Array) => Promise<unknown>, round: number) => {
    const took: number[] = [];
    for (let i = 0; i < jobsPerRound; i++) {
      await sleep(pauseMs);
      await publish(`job-${round}-${i}`, numberBytes(nowMs()));
      took.push(await partner.next());
    }
    return took;
  };
  try {
    const { ours, peer } = await inTurns(rounds, {
      ours: (round) => measure((id, payload) => open.ports.queue.publish("bench", id, payload), round),
      peer: (round) => measure(plain, round),
    });
    const against = (part: number) => ({ name: "plain publish and pull", value: quantile(peer, part) });
    return [
      row("cluster/hand-over-p50", "ms", quantile(ours, 0.5), { most: 10 }, against(0.5)),
      row("cluster/hand-over-p99", "ms", quantile(ours, 0.99), { most: 50 }, against(0.99)),
    ];
  } finally {
    await partner.end();
    await nats.close();
    await open.close();
  }
}
