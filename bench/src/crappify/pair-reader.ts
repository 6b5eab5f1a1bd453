/** A process that receives pairs as a trainer does, and tells how long it took from the first one on. */
import { once } from "node:events";
import { CrappifyServiceDefinition } from "@pssr/api";
import { connectService } from "@pssr/platform";

export interface ReaderOrder {
  address: string;
  token: string;
  dataset: string;
  batchSize: number;
  steps: number;
  seed: number;
}

const [order] = (await once(process, "message")) as [ReaderOrder];
const { address, token, dataset, batchSize, steps, seed } = order;
const connection = connectService(address, { peer: "crappify", token: () => Promise.resolve(token) });
const request = { dataset, batchSize, steps: BigInt(steps), seed: BigInt(seed), augment: true };
let begun: number | undefined;
for await (const _ of connection.client(CrappifyServiceDefinition).streamPairs(request)) begun ??= performance.now();
process.send!((performance.now() - begun!) / 1000);
connection.close();
process.disconnect();
