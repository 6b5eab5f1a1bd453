/** A process that receives pairs as a trainer does, and tells how long it took once a quarter of them had come. */
import { once } from "node:events";
import { CrappifyServiceDefinition } from "@pssr/api";
import { connectService } from "@pssr/platform";
import { StreamWatch } from "./stream-watch.js";

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
const connection = connectService(address, {
  peer: "crappify",
  token: () => Promise.resolve(token),
  streamWindow: 2 ** 20,
});
const request = { dataset, batchSize, steps: BigInt(steps), seed: BigInt(seed), augment: true };
const watch = new StreamWatch(steps);
for await (const { parts } of connection.client(CrappifyServiceDefinition).streamPairs(request))
  for (const { step } of parts) watch.at(Number(step));
process.send!(watch.rate(batchSize));
connection.close();
process.disconnect();
