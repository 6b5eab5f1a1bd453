/** What the sweep takes for left behind, while datasets are made and processes die. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ports } from "@pssr/platform";
import { DatasetCatalogue } from "../../dist/datasets/dataset-catalogue.js";
import type { DatasetManifest, StoredDataset } from "../../dist/datasets/dataset-record.js";
import { startInstallation } from "../installation.js";
import { dayMs, hourMs, JumpingClock } from "../jumping-clock.js";

const key = { project: "em", id: "d" };
const manifest: DatasetManifest = { schemaVersion: 1, images: [] };

type Stores = Pick<Ports, "state" | "objects">;

function draft(): Omit<StoredDataset, "manifest"> {
  return {
    tileSize: 64,
    tileStride: 32,
    validationFraction: 0.1,
    guard: 32,
    trainingTiles: 1,
    validationTiles: 1,
    dtype: "uint8",
    digest: "d1",
    createMs: Date.now(),
  };
}

function create(stores: Stores, confirm = async (): Promise<void> => undefined): Promise<StoredDataset> {
  return new DatasetCatalogue(stores).create(key, "once", draft(), manifest, confirm, {});
}

/** Stores as a process sees them that is killed once it has written so often. */
function killedAfter(writes: number, { state, objects }: Stores): Stores {
  let left = writes;
  const write = <Result>(really: () => Promise<Result>): Promise<Result> =>
    left-- > 0 ? really() : Promise.reject(new Error("killed"));
  return {
    state: {
      get: (...call) => state.get(...call),
      put: (...call) => write(() => state.put(...call)),
      delete: (...call) => write(() => state.delete(...call)),
      list: (...call) => state.list(...call),
      watch: (...call) => state.watch(...call),
    },
    objects: {
      put: (...call) => write(() => objects.put(...call)),
      get: (...call) => objects.get(...call),
      getBytes: (...call) => objects.getBytes(...call),
      range: (...call) => objects.range(...call),
      stat: (...call) => objects.stat(...call),
      list: (...call) => objects.list(...call),
      delete: (...call) => write(() => objects.delete(...call)),
      deletePrefix: (...call) => write(() => objects.deletePrefix(...call)),
    },
  };
}

/** Stores in which something happens right after the records were listed. */
function afterListing({ state, objects }: Stores, happens: () => Promise<void>): Stores {
  return {
    objects,
    state: {
      get: (...call) => state.get(...call),
      put: (...call) => state.put(...call),
      delete: (...call) => state.delete(...call),
      watch: (...call) => state.watch(...call),
      list: async (...call) => {
        const listed = await state.list(...call);
        await happens();
        return listed;
      },
    },
  };
}

async function manifests({ objects }: Stores): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list("datasets/")) keys.push(key);
  return keys;
}

for (const writes of [1, 2]) {
  for (const repeated of ["right after the sweep has listed the records", "around the sweep", "before the sweep"]) {
    for (const sweepsBefore of [1, 2]) {
      test(`a creation killed after ${writes} writes and ${sweepsBefore} sweeps, repeated ${repeated}, loses nothing`, async (t) => {
        const { ports } = await startInstallation(t);
        const clock = new JumpingClock();
        let happens = async (): Promise<void> => undefined;
        const sweeping = new DatasetCatalogue(
          afterListing(ports, () => happens()),
          clock,
        );
        await assert.rejects(create(killedAfter(writes, ports)), /killed/);
        for (let sweep = 0; sweep < sweepsBefore; sweep++) {
          await sweeping.sweep({});
          clock.pass(2 * hourMs);
        }

        if (repeated === "around the sweep") {
          let confirmed = 0;
          await create(ports, async () => {
            if (++confirmed === 1) await sweeping.sweep({});
          });
        } else if (repeated === "before the sweep") {
          await create(ports);
          await sweeping.sweep({});
        } else {
          happens = async () => {
            happens = async () => undefined;
            await create(ports);
          };
          await sweeping.sweep({});
        }

        for (let later = 0; later < 3; later++) {
          clock.pass(2 * hourMs);
          await sweeping.sweep({});
        }
        const made = await sweeping.get(key, {});
        assert.deepEqual(await sweeping.readManifest(made, {}), manifest);
        assert.deepEqual(await manifests(ports), [made.manifest], "nothing else is left");
      });
    }
  }
}

test("a machine whose clock is a day ahead takes no creation under way", async (t) => {
  const { ports } = await startInstallation(t);
  const clock = new JumpingClock();
  const sweeping = new DatasetCatalogue(ports, clock);
  clock.jump(dayMs);
  let confirmed = 0;
  const made = await create(ports, async () => {
    confirmed++;
    await sweeping.sweep({});
  });
  assert.equal(confirmed, 1, "its hold stood");
  await sweeping.sweep({});
  assert.deepEqual(await sweeping.readManifest(made, {}), manifest);
});

test("a creation that nobody repeats goes with its manifest, also where the clock is behind", async (t) => {
  const { ports } = await startInstallation(t);
  const clock = new JumpingClock();
  clock.jump(-1000 * dayMs);
  const sweeping = new DatasetCatalogue(ports, clock);
  await assert.rejects(create(killedAfter(2, ports)), /killed/);
  for (let sweep = 0; sweep < 3; sweep++) {
    await sweeping.sweep({});
    clock.pass(2 * hourMs);
  }
  assert.deepEqual(await ports.state.list("datasets/", { limit: 10 }), []);
  assert.deepEqual(await manifests(ports), []);
});

test("a creation whose images have gone leaves nothing", async (t) => {
  const { ports } = await startInstallation(t);
  const gone = async (): Promise<void> => {
    throw new Error("an image has gone");
  };
  await assert.rejects(create(ports, gone), /an image has gone/);
  assert.deepEqual(await ports.state.list("datasets/", { limit: 10 }), []);
  assert.deepEqual(await manifests(ports), []);
});

test("a dataset of an earlier release is read, and kept, under the manifest's key that it has", async (t) => {
  const { ports } = await startInstallation(t);
  const earlier = "datasets/em/d/d1.json";
  await ports.objects.put(earlier, new TextEncoder().encode(JSON.stringify(manifest)));
  const record = {
    schemaVersion: 1,
    state: "preparing",
    requestId: "once",
    dataset: { ...draft(), manifest: earlier },
  };
  await ports.state.put("datasets/em/d", new TextEncoder().encode(JSON.stringify(record)), 0n);
  assert.equal((await create(ports)).manifest, earlier);
  const clock = new JumpingClock();
  const catalogue = new DatasetCatalogue(ports, clock);
  for (let sweep = 0; sweep < 2; sweep++) {
    await catalogue.sweep({});
    clock.pass(dayMs);
  }
  assert.deepEqual(await catalogue.readManifest(await catalogue.get(key, {}), {}), manifest);
});
