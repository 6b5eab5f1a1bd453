/** Objects written and read through our store beside the plain client on the same server: large ones as streams, small ones whole. */
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type { ObjectStore } from "@pssr/platform";
import { Client } from "minio";
import { type InTurns, inTurns } from "../in-turns.js";
import { median } from "../median.js";
import { type Row, row, type Target } from "../row.js";
import { type Ground, portsOf } from "./ground.js";

const mib = 2 ** 20;
const chunkBytes = mib / 4;
const bucket = "plain";
/** So many objects are passed in one turn; few, for a server's own work in the background must meet both alike. */
const large = { size: 64 * mib, perRound: 1, rounds: 8 };
const small = { size: mib / 4, perRound: 10, rounds: 20 };

export async function objects(ground: Ground): Promise<Row[]> {
  const open = await portsOf(ground.environment);
  try {
    const plain = await plainClient(ground);
    return [...(await largeObjects(open.ports.objects, plain)), ...(await smallObjects(open.ports.objects, plain))];
  } finally {
    await open.close();
  }
}

async function plainClient({ s3 }: Ground): Promise<Client> {
  const { hostname, port } = new URL(s3.endpoint);
  const { accessKey, secretKey } = s3;
  const plain = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey });
  await plain.makeBucket(bucket);
  return plain;
}

async function largeObjects(store: ObjectStore, plain: Client): Promise<Row[]> {
  const content = randomBytes(large.size);
  const stream = () => Readable.from(chunksOf(content));
  const puts = await inTurns(large.rounds, {
    ours: (round) => rate(large, (i) => store.put(`large/${round}-${i}`, chunksOf(content))),
    peer: (round) => rate(large, (i) => plain.putObject(bucket, `large/${round}-${i}`, stream(), large.size)),
  });
  const gets = await inTurns(large.rounds, {
    ours: (round) => rate(large, (i) => readThrough(store.get(`large/${round}-${i}`), large.size)),
    peer: (round) =>
      rate(large, async (i) => readThrough(await plain.getObject(bucket, `large/${round}-${i}`), large.size)),
  });
  const target = { least: 0.8, ofRatio: true };
  return [beside("object-put", puts, target), beside("object-get", gets, target)];
}

async function smallObjects(store: ObjectStore, plain: Client): Promise<Row[]> {
  const content = randomBytes(small.size);
  const puts = await inTurns(small.rounds, {
    ours: (round) => rate(small, (i) => store.put(`small/${round}-${i}`, content)),
    peer: (round) => rate(small, (i) => plain.putObject(bucket, `small/${round}-${i}`, content)),
  });
  const gets = await inTurns(small.rounds, {
    ours: (round) => rate(small, (i) => store.getBytes(`small/${round}-${i}`, small.size)),
    peer: (round) => rate(small, async (i) => whole(await plain.getObject(bucket, `small/${round}-${i}`))),
  });
  return [beside("small-object-put", puts), beside("small-object-get", gets)];
}

function beside(name: string, { ours, peer }: InTurns, target?: Target): Row {
  return row(`cluster/${name}`, "MiB/s", median(ours), target, { name: "plain minio client", value: median(peer) });
}

/** MiB a second of the objects of one round, one after the other. */
async function rate(
  { size, perRound }: { size: number; perRound: number },
  pass: (i: number) => Promise<unknown>,
): Promise<number[]> {
  const begun = performance.now();
  for (let i = 0; i < perRound; i++) await pass(i);
  return [(perRound * size) / mib / ((performance.now() - begun) / 1000)];
}

async function* chunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += chunkBytes) yield content.subarray(at, at + chunkBytes);
}

async function readThrough(body: AsyncIterable<Uint8Array>, size: number): Promise<void> {
  let read = 0;
  for await (const chunk of body) read += chunk.length;
  if (read !== size) throw new Error(`${read} of ${size} bytes were read`);
}

async function whole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
