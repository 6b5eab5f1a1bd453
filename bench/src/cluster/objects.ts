/** Objects written and read through our store, as streams, beside the plain client on the same server; large and small ones. */
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { Client } from "minio";
import { inTurns } from "../in-turns.js";
import { median } from "../median.js";
import { type Row, row } from "../row.js";
import { type Ground, portsOf } from "./ground.js";

const mib = 2 ** 20;
const rounds = 5;
const bucket = "plain";

export async function objects(ground: Ground): Promise<Row[]> {
  const open = await portsOf(ground.environment);
  const store = open.ports.objects;
  const { hostname, port } = new URL(ground.s3.endpoint);
  const { accessKey, secretKey } = ground.s3;
  const plain = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey });
  await plain.makeBucket(bucket);
  const rows: Row[] = [];
  try {
    for (const { name, size, count, promised } of [
      { name: "object", size: 64 * mib, count: 1, promised: { least: 0.8, ofRatio: true } },
      { name: "small-object", size: mib / 4, count: 40, promised: undefined },
    ]) {
      const content = randomBytes(size);
      const puts = await inTurns(rounds, {
        ours: (round) => rate(size, count, (i) => store.put(`${name}/${round}-${i}`, chunksOf(content))),
        peer: (round) =>
          rate(size, count, (i) =>
            plain.putObject(bucket, `${name}/${round}-${i}`, Readable.from(chunksOf(content)), size),
          ),
      });
      const gets = await inTurns(rounds, {
        ours: (round) => rate(size, count, (i) => readThrough(store.get(`${name}/${round}-${i}`), size)),
        peer: (round) =>
          rate(size, count, async (i) => readThrough(await plain.getObject(bucket, `${name}/${round}-${i}`), size)),
      });
      for (const [verb, { ours, peer }] of Object.entries({ put: puts, get: gets })) {
        const against = { name: "plain minio client", value: median(peer) };
        rows.push(row(`cluster/${name}-${verb}`, "MiB/s", median(ours), promised, against));
      }
    }
  } finally {
    await open.close();
  }
  return rows;
}

/** MiB a second of so many objects, one after the other. */
async function rate(size: number, count: number, pass: (i: number) => Promise<unknown>): Promise<number[]> {
  const begun = performance.now();
  for (let i = 0; i < count; i++) await pass(i);
  return [(count * size) / mib / ((performance.now() - begun) / 1000)];
}

async function* chunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += mib / 4) yield content.subarray(at, at + mib / 4);
}

async function readThrough(body: AsyncIterable<Uint8Array>, size: number): Promise<void> {
  let read = 0;
  for await (const chunk of body) read += chunk.length;
  if (read !== size) throw new Error(`${read} of ${size} bytes were read`);
}
