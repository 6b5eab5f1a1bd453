/** A worker whose jobs do nothing but tell when they begin. */
import { once } from "node:events";
import { nowMs } from "./clock.js";
import { portsOf } from "./ground.js";
import { benchKind, nothing, operationsOn } from "./jobs.js";

const open = await portsOf(process.env);
const operations = operationsOn(open);
operations.register(
  benchKind("step", 1, async () => {
    process.send!(nowMs());
    return { value: nothing };
  }),
);
await operations.start();
process.send!("ready");
await once(process, "disconnect");
await operations.close();
await open.close();
