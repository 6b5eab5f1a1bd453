/** Records written and read a second, several at once as a service has them; beside the plain key-value client on the same server. */
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import { inTurns } from "../in-turns.js";
import { median } from "../median.js";
import { type Row, row } from "../row.js";
import { type Ground, portsOf } from "./ground.js";

const rounds = 5;
const recordsPerRound = 1_000;
const lanes = 16;
/** About what the record of an operation has. */
const value = new Uint8Array(1024).fill(120);

export async function records(ground: Ground): Promise<Row[]> {
  const open = await portsOf(ground.environment);
  const { state } = open.ports;
  const nats = await connect({ servers: ground.natsUrl });
  const bucket = await new Kvm(jetstream(nats)).create("plain_records");
  try {
    const puts = await inTurns(rounds, {
      ours: (round) => perSecond((i) => state.put(`bench/${round}/${i}`, value, 0n)),
      peer: (round) => perSecond((i) => bucket.create(`bench.${round}.${i}`, value)),
    });
    const gets = await inTurns(rounds, {
      ours: (round) => perSecond((i) => state.get(`bench/${round}/${i}`)),
      peer: (round) => perSecond((i) => bucket.get(`bench.${round}.${i}`)),
    });
    return Object.entries({ puts, gets }).map(([name, { ours, peer }]) =>
      row(`cluster/record-${name}`, "records/s", median(ours), undefined, {
        name: "plain @nats-io/kv",
        value: median(peer),
      }),
    );
  } finally {
    await nats.close();
    await open.close();
  }
}

async function perSecond(once: (i: number) => Promise<unknown>): Promise<number[]> {
  const begun = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < recordsPerRound) await once(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return [recordsPerRound / ((performance.now() - begun) / 1000)];
}
