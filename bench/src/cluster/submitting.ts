/** A process that submits so many operations that nobody runs, as its argument says, tells how long that took, and looks after them. */
import { once } from "node:events";
import { nowMs } from "./clock.js";
import { portsOf } from "./ground.js";
import { benchKind, operationsOn, submission } from "./jobs.js";

const count = Number(process.argv[2]);
const lanes = 32;

const open = await portsOf(process.env);
const operations = operationsOn(open);
operations.register(benchKind("queued"));
await operations.start();
process.send!("ready");
const begun = nowMs();
let next = 0;
const lane = async (): Promise<void> => {
  while (next < count) await operations.submit(submission("queued", `queued-${next++}`));
};
await Promise.all(Array.from({ length: lanes }, lane));
process.send!((nowMs() - begun) / 1000);
await once(process, "disconnect");
await operations.close();
await open.close();
