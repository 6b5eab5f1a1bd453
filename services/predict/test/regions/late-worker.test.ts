/** A worker that was away while its operation ended, and puts its shard when nobody waits for it any more. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { shardLayout } from "@pssr/imaging";
import type { Claim, ObjectStore, Ports, StateStore, WorkQueue } from "@pssr/platform";
import { outputShape } from "../../dist/predictions/prediction-spec.js";
import { writeImageMetadata } from "../../dist/predictions/write-image-metadata.js";
import { RegionBoard } from "../../dist/regions/region-board.js";
import { encodeRegionJob, regionJobId, regionKind } from "../../dist/regions/region-job.js";
import { RegionWorkers } from "../../dist/regions/region-workers.js";
import { Gate } from "../fixtures/gate.js";
import { lastly } from "../fixtures/lastly.js";
import { openPorts, temporaryFolder } from "../fixtures/ports.js";
import { imagePrefix, key, shardOf, spec } from "../fixtures/six-regions.js";

type Put = ObjectStore["put"];

/** Objects whose shards a worker puts in its own way. */
function putting(objects: ObjectStore, put: Put): ObjectStore {
  return {
    put,
    get: (...call) => objects.get(...call),
    getBytes: (...call) => objects.getBytes(...call),
    range: (...call) => objects.range(...call),
    stat: (...call) => objects.stat(...call),
    list: (...call) => objects.list(...call),
    delete: (...call) => objects.delete(...call),
    deletePrefix: (...call) => objects.deletePrefix(...call),
  };
}

/** State of which a process hears no news. */
function withoutNews(state: StateStore): StateStore {
  return {
    get: (...call) => state.get(...call),
    put: (...call) => state.put(...call),
    delete: (...call) => state.delete(...call),
    list: (...call) => state.list(...call),
    watch: (_, { signal } = {}) => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          await aborted(signal!);
          throw signal!.reason;
        },
      }),
    }),
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

/** Has region 3 restored by a worker that puts its shard as told; resolves once the worker is done with it. */
async function restoreLate(t: TestContext, ports: Ports, state: StateStore, put: Put): Promise<void> {
  const done = new Gate();
  const queue: WorkQueue = {
    publish: (...call) => ports.queue.publish(...call),
    async claim(...call): Promise<Claim> {
      const claim = await ports.queue.claim(...call);
      const { kind, jobId, payload, trace } = claim;
      return {
        kind,
        jobId,
        payload,
        trace,
        heartbeat: (...options) => claim.heartbeat(...options),
        giveBack: (...options) => claim.giveBack(...options),
        ack: async (...options) => {
          await claim.ack(...options);
          done.open();
        },
      };
    },
  };
  const workers = new RegionWorkers(
    { ...ports, queue, objects: putting(ports.objects, put), board: new RegionBoard(state) },
    shardOf,
    { workers: 1, report: (error) => assert.fail(String(error)) },
  );
  await new RegionBoard(ports.state).place(key, { schemaVersion: 1, spec, imagePrefix }, {});
  const job = { ...key, index: 3 };
  await ports.queue.publish(regionKind, regionJobId(job), encodeRegionJob(job));
  workers.start();
  lastly(t, () => workers.close());
  await done.opened;
}

async function objectsOf({ objects }: Ports): Promise<string[]> {
  const keys: string[] = [];
  for await (const object of objects.list(imagePrefix)) keys.push(object.key.slice(imagePrefix.length));
  return keys;
}

/** The operation succeeds: its image is whole, and its board cleared. */
async function succeed({ objects, state }: Ports): Promise<void> {
  for (let index = 0; index < 6; index++) await objects.put(`${imagePrefix}c/${index}`, Uint8Array.of(index));
  const { shardShape } = shardLayout({ ...spec.image, shape: outputShape(spec) });
  await writeImageMetadata(objects, imagePrefix, { ...spec, shardShape }, {});
  await new RegionBoard(state).clear(key, {});
}

test("a shard that is put after its image was deleted goes again, and its verdict", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  await restoreLate(t, ports, withoutNews(ports.state), async (...call) => {
    await succeed(ports);
    await ports.objects.deletePrefix(imagePrefix);
    return ports.objects.put(...call);
  });
  assert.deepEqual(await objectsOf(ports), []);
  assert.deepEqual(await ports.state.list("region-verdicts/", { limit: 10 }), []);
});

test("a shard that the finished image has already stays when it is put once more", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  let whole: string[] = [];
  await restoreLate(t, ports, withoutNews(ports.state), async (...call) => {
    await succeed(ports);
    whole = await objectsOf(ports);
    return ports.objects.put(...call);
  });
  assert.ok(whole.includes("c/3"));
  assert.deepEqual(await objectsOf(ports), whole);
  assert.deepEqual(await ports.state.list("region-verdicts/", { limit: 10 }), []);
});

test("a worker that hears of the withdrawal when its shard is there already takes that back", async (t) => {
  const ports = await openPorts(await temporaryFolder(t));
  await restoreLate(t, ports, ports.state, async (object, body, options) => {
    const stat = await ports.objects.put(object, body, options);
    await new RegionBoard(ports.state).withdraw(key, {});
    await aborted(options!.signal!);
    return stat;
  });
  assert.deepEqual(await objectsOf(ports), []);
});
