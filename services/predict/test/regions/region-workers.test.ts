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

test("workers that stop claiming finish the region they have, and leave the others to other workers", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  const board = new RegionBoard(ports.state);
  await board.place(key, { schemaVersion: 1, spec, imagePrefix }, {});
  const publish = async (index: number) => {
    const job = { ...key, index };
    await ports.queue.publish(regionKind, regionJobId(job), encodeRegionJob(job));
  };
  const report = (error: unknown) => assert.fail(String(error));
  const [begun, mayEnd, stopped, taken] = [new Gate(), new Gate(), new Gate(), new Gate()];
  const first = new RegionWorkers(
    { ...ports, board },
    async (_, index) => {
      begun.open();
      await mayEnd.opened;
      return { key: `first/${index}`, bytes: new Uint8Array(8), clipped: 0 };
    },
    { workers: 2, report, restored: () => stopped.open() },
  );
  first.start();
  lastly(t, () => first.close());
  await publish(0);
  await begun.opened;
  first.stopClaiming();
  await publish(1);
  const second = new RegionWorkers(
    { ...ports, board },
    async (_, index) => ({ key: `second/${index}`, bytes: new Uint8Array(8), clipped: 0 }),
    { workers: 1, report, restored: () => taken.open() },
  );
  second.start();
  lastly(t, () => second.close());
  await taken.opened;
  mayEnd.open();
  await stopped.opened;
  const objects = await Promise.all([0, 1].map((index) => board.verdict(key, index, {})));
  assert.deepEqual(
    objects.map((verdict) => verdict !== undefined && "object" in verdict && verdict.object),
    [`${imagePrefix}first/0`, `${imagePrefix}second/1`],
  );
});

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
