import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Checkpoint, FileObjectStore, type JobContext, maximumBytes } from "@pssr/platform";
import { KeptLooks } from "../../dist/fits/kept-looks.js";
import type { KeptLook } from "../../dist/fitting/fit-outcome.js";

async function openObjects(t: TestContext): Promise<FileObjectStore> {
  const folder = await mkdtemp(join(tmpdir(), "pssr-optimize-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return FileObjectStore.open(folder);
}

function look(index: number): KeptLook {
  return {
    index,
    phase: "SEARCH",
    values: [index / 7],
    steps: ["detector[0]"],
    distance: 1 / index,
    best: 1 / index,
    bestValues: [index / 7],
    elapsedMs: 100.25 * index,
    statistics: Uint8Array.of(index % 256, 10, 0),
  };
}

/** What the operation remembers, and the attempts at it. */
class Attempts {
  remembered: Checkpoint | undefined;
  #attempt = 0;

  constructor(private readonly objects: FileObjectStore) {}

  begin(): KeptLooks {
    const attempt = ++this.#attempt;
    const job: Pick<JobContext, "attempt" | "signal" | "objectPrefix" | "checkpoint"> & { record: object } = {
      record: { checkpoint: this.remembered },
      attempt,
      signal: new AbortController().signal,
      objectPrefix: `operations/em/fit-one/${attempt}/`,
      checkpoint: async (reference) => {
        assert.ok(JSON.stringify(reference).length <= maximumBytes.checkpoint);
        this.remembered = structuredClone(reference);
      },
    };
    return new KeptLooks(job as JobContext, this.objects);
  }
}

test("looks are read back by any later attempt, as they were", async (t) => {
  const attempts = new Attempts(await openObjects(t));
  const first = attempts.begin();
  assert.deepEqual(await first.read(), []);
  await first.keep(look(1));
  await first.keep(look(2));
  const second = attempts.begin();
  assert.deepEqual(await second.read(), [look(1), look(2)]);
  await second.keep(look(3));
  const third = attempts.begin();
  assert.deepEqual(await third.read(), [look(1), look(2), look(3)]);
  assert.deepEqual(attempts.remembered, {
    schemaVersion: 1,
    looks: [
      [1, 1, 2],
      [2, 3, 3],
    ],
  });
});

test("what the operation remembers stays small however many attempts there are", async (t) => {
  const attempts = new Attempts(await openObjects(t));
  for (let index = 1; index <= 120; index++) {
    const looks = attempts.begin();
    const kept = await looks.read();
    assert.equal(kept.length, index - 1);
    if (index > 1) assert.deepEqual(kept.at(-1), look(index - 1));
    await looks.keep(look(index));
  }
  const { looks } = attempts.remembered as { looks: unknown[] };
  assert.ok(looks.length < 50, `${looks.length} ranges`);
});
