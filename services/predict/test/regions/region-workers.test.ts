import assert from "node:assert/strict";
import { test } from "node:test";
import { PssrError } from "@pssr/api";
import type { WorkQueue } from "@pssr/platform";
import { RegionBoard } from "../../dist/regions/region-board.js";
import { encodeRegionJob, regionJobId, regionKind } from "../../dist/regions/region-job.js";
import { RegionWorkers } from "../../dist/regions/region-workers.js";
import { Gate } from "../fixtures/gate.js";
import { lastly } from "../fixtures/lastly.js";
import { openPorts, temporaryFolder } from "../fixtures/ports.js";
import { imagePrefix, key, spec } from "../fixtures/six-regions.js";

test("where a region fails and cannot be given back, both are reported", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  const board = new RegionBoard(ports.state);
  const queue: WorkQueue = {
    publish: (...call) => ports.queue.publish(...call),
    claim: async (...call) => ({
      ...(await ports.queue.claim(...call)),
      heartbeat: async () => undefined,
      ack: async () => undefined,
      giveBack: async () => {
        throw new PssrError("UNAVAILABLE", "the queue is away");
      },
    }),
  };
  const reports: string[] = [];
  const both = new Gate();
  const workers = new RegionWorkers(
    { ...ports, queue, board },
    async () => {
      throw new PssrError("UNAVAILABLE", "the model is away");
    },
    {
      workers: 1,
      report: (error) => {
        reports.push((error as Error).message);
        if (reports.length === 2) both.open();
      },
    },
  );
  await board.place(key, { schemaVersion: 1, spec, imagePrefix }, {});
  const job = { ...key, index: 0 };
  await ports.queue.publish(regionKind, regionJobId(job), encodeRegionJob(job));
  workers.start();
  lastly(t, () => workers.close());
  await both.opened;
  assert.deepEqual(reports, ["the queue is away", "the model is away"]);
});
