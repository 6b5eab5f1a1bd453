import assert from "node:assert/strict";
import { test } from "node:test";
import { RegionBoard } from "../../dist/regions/region-board.js";
import { RegionWorkers } from "../../dist/regions/region-workers.js";
import { superviseRegions } from "../../dist/regions/supervise-regions.js";
import { DuplicatingQueue } from "../fixtures/duplicating-queue.js";
import { lastly } from "../fixtures/lastly.js";
import { openPorts, temporaryFolder } from "../fixtures/ports.js";
import { imagePrefix, key, shardOf, spec } from "../fixtures/six-regions.js";

test("regions that are delivered many times, at once and after their end, count once each", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  const queue = new DuplicatingQueue(ports.queue);
  const board = new RegionBoard(ports.state);
  const restored: number[] = [];
  for (let process = 0; process < 2; process++) {
    const workers = new RegionWorkers(
      { ...ports, queue, board },
      (order, index, options) => {
        restored.push(index);
        return shardOf(order, index, options);
      },
      { workers: 2, report: (error) => assert.fail(String(error)) },
    );
    workers.start();
    lastly(t, () => workers.close());
  }
  const told: [number, number][] = [];
  const decided: number[] = [];
  await board.place(key, { schemaVersion: 1, spec, imagePrefix }, {});
  const { clipped } = await superviseRegions(
    key,
    spec,
    { ...ports, queue, board },
    {
      signal: new AbortController().signal,
      window: 3,
      patienceMs: 60_000,
      onTiles: (done, total) => told.push([done, total]),
      onRegion: async (done) => void decided.push(done),
    },
  );
  assert.equal(clipped, 0 + 1 + 2 + 3 + 4 + 5);
  assert.deepEqual(told.at(-1), [6, 6]);
  assert.ok(
    told.every(([done]) => done <= 6),
    "no tile counts twice",
  );
  assert.deepEqual(decided, [...new Set(decided)], "no region counts twice");
  const verdicts = await ports.state.list("region-verdicts/", { limit: 10 });
  assert.equal(verdicts.length, 6);

  await queue.idle();
  assert.equal(queue.deliveries, 6 * 4);
  assert.ok(restored.length < queue.deliveries, "most deliveries find that all is done");
  assert.deepEqual(await ports.state.list("region-verdicts/", { limit: 10 }), verdicts, "the first verdict stands");
  const objects: string[] = [];
  for await (const { key: object } of ports.objects.list("")) objects.push(object);
  assert.deepEqual(
    objects,
    [0, 1, 2, 3, 4, 5].map((index) => `${imagePrefix}c/${index}`),
  );
});
