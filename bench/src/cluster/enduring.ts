/** A worker whose jobs never end by themselves: somebody kills it. Its argument is how many it runs at once. */
import { once } from "node:events";
import { operationName } from "@pssr/api";
import { nowMs } from "./clock.js";
import { portsOf } from "./ground.js";
import { benchKind, operationsOn } from "./jobs.js";
import type { Begun } from "./take-over.js";

const open = await portsOf(process.env);
const operations = operationsOn(open);
operations.register(
  benchKind("endless", Number(process.argv[2]), async ({ record, signal }) => {
    const { project, id } = record;
    process.send!({ operation: operationName.format({ project, operation: id }), atMs: nowMs() } satisfies Begun);
    if (!signal.aborted) await once(signal, "abort");
    throw signal.reason;
  }),
);
await operations.start();
process.send!("ready");
await once(process, "disconnect");
await operations.close();
await open.close();
