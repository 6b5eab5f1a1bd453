/** Puts so many MiB as a stream, gets them back, and prints by how much the process' largest memory grew meanwhile. */
import { loadConfig, S3ObjectStore, s3Settings } from "@pssr/platform";

const size = Number(process.argv[2]) * 2 ** 20;
const store = await S3ObjectStore.open(loadConfig(s3Settings, { argv: [], env: process.env }));
await store.put("warm", new Uint8Array(100_000));

async function* body(): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < size; sent += 256 * 1024) yield new Uint8Array(256 * 1024).fill(sent / 1024);
}

const before = process.resourceUsage().maxRSS;
await store.put("large", body());
const afterPut = process.resourceUsage().maxRSS;
let received = 0;
for await (const chunk of store.get("large")) received += chunk.length;
const afterGet = process.resourceUsage().maxRSS;
store.close();
console.log(
  JSON.stringify({ size: received, grewPutMiB: (afterPut - before) / 1024, grewGetMiB: (afterGet - afterPut) / 1024 }),
);
