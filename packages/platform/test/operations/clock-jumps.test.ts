import assert from "node:assert/strict";
import { test as onThisMachine } from "node:test";
import { PssrError } from "@pssr/api";
import type { ObjectStore, Operations, StateStore } from "@pssr/platform";
import { FaultyDisk, faultsNeedLinux } from "../files/faulty-disk.js";
import { reason } from "../reason.js";
import { moment, onEachGround } from "./bench.js";
import { dayMs, hourMs, JumpingClock } from "./jumping-clock.js";
import type { JumpReport } from "./jumping-installation.js";
import { readText, text } from "./thing-kind.js";

const submission = { kind: "thing", project: "p1", principal: "ann", request: text("make") };
const jumps: Record<string, (clock: JumpingClock) => void> = {
  "a day ahead": (clock) => clock.jump(dayMs),
  "a day back": (clock) => clock.jump(-dayMs),
  "to 1970": (clock) => clock.jumpTo1970(),
  "a year ahead": (clock) => clock.jump(365 * dayMs),
  "to the right time": (clock) => clock.jump(0),
};

onEachGround(({ test, openBench }) => {
  test("work under way is neither ended nor taken over when the clock jumps, and keeps its objects", async (context) => {
    const bench = await openBench(context);
    const { objects, state } = bench.ports;
    const clock = new JumpingClock();
    const running = moment();
    const mayEnd = moment();
    let runs = 0;
    const start = () =>
      bench.start(
        async (job) => {
          runs += 1;
          await objects.put(`${job.objectPrefix}part`, Uint8Array.of(1));
          running.happen();
          await mayEnd.happened;
          return { value: text("made") };
        },
        { kind: { leaseMs: 300, heartbeatMs: 20 }, settings: { sweepMs: 20, clock } },
      );
    const both = [await start(), await start()] as const;
    const { name } = await both[0].submit({ ...submission, resource: "one" });
    await running.happened;
    for (const [what, jump] of Object.entries(jumps)) {
      jump(clock);
      await beats(state, 20);
      for (const operations of both) {
        assert.equal((await operations.get(name)).state, "RUNNING", what);
        assert.deepEqual(idsOf(operations, 10), [["one"]], what);
      }
    }
    mayEnd.happen();
    const ended = await both[1].wait(name);
    assert.deepEqual([ended.state, ended.attempt, runs], ["SUCCEEDED", 1, 1]);
    assert.deepEqual(await keys(objects), ["operations/p1/thing-one/1/part"]);
    assert.deepEqual(bench.reports, []);
  });

  test("what has just ended is not forgotten because the clock jumps ahead, nor its lost objects removed at once", async (context) => {
    const bench = await openBench(context);
    const { objects } = bench.ports;
    const clock = new JumpingClock();
    const operations = await bench.start(
      async (job) => {
        await objects.put(`${job.objectPrefix}part`, Uint8Array.of(1));
        if (job.attempt === 1) throw new PssrError("UNAVAILABLE", "again");
        return { value: text("made") };
      },
      { settings: { sweepMs: 60_000, clock } },
    );
    clock.jumpTo1970();
    const { name } = await operations.submit({ ...submission, resource: "one" });
    await operations.wait(name);
    clock.jump(31 * dayMs);
    for (let i = 0; i < 3; i++) await operations.sweep();
    assert.equal(readText((await operations.wait(name)).result), "made");
    assert.deepEqual(await keys(objects), ["operations/p1/thing-one/1/part", "operations/p1/thing-one/2/part"]);
    // It stays ahead: then it is as late as that.
    clock.pass(hourMs);
    await operations.sweep();
    assert.equal((await operations.get(name)).done, true);
    assert.deepEqual(await keys(objects), ["operations/p1/thing-one/2/part"]);
    clock.pass(hourMs);
    await operations.sweep();
    await assert.rejects(operations.get(name), reason("NOT_FOUND"));
    assert.deepEqual(await keys(objects), ["operations/p1/thing-one/2/part"]);
  });

  test("what ended while the clock was ahead is forgotten in its time all the same", async (context) => {
    const bench = await openBench(context);
    const { objects } = bench.ports;
    const clock = new JumpingClock();
    const operations = await bench.start(
      async (job) => {
        await objects.put(`${job.objectPrefix}part`, Uint8Array.of(1));
        throw new PssrError("INVALID_MODEL", "no");
      },
      { settings: { sweepMs: 60_000, clock } },
    );
    clock.jump(10_000 * dayMs);
    const { name } = await operations.submit({ ...submission, resource: "one" });
    await operations.wait(name);
    clock.jump(0);
    clock.pass(23 * hourMs);
    await operations.sweep();
    assert.equal((await keys(objects)).length, 1);
    clock.pass(2 * hourMs);
    await operations.sweep();
    assert.deepEqual(await keys(objects), []);
    assert.equal((await operations.get(name)).done, true);
    clock.pass(31 * dayMs);
    await operations.sweep();
    await assert.rejects(operations.get(name), reason("NOT_FOUND"));
  });

  for (const [moments, sweeps] of [
    ["lost objects are removed", 1],
    ["record is forgotten", 2],
  ] as const) {
    test(`a new request that takes a failed one's id right when its ${moments} loses nothing`, async (context) => {
      const bench = await openBench(context);
      const clock = new JumpingClock();
      let lists = 0;
      const objects: ObjectStore = {
        ...methodsOf(bench.ports.objects),
        async *list(...call) {
          lists += 1;
          if (lists === sweeps) {
            const { name } = await operations.submit({ ...submission, resource: "one", requestId: "second" });
            await operations.wait(name);
          }
          yield* bench.ports.objects.list(...call);
        },
      };
      const operations: Operations = await bench.start(
        async (job) => {
          await objects.put(`${job.objectPrefix}part`, Uint8Array.of(job.attempt));
          if (job.record.requestId === "first") throw new PssrError("INVALID_MODEL", "no");
          return { value: text("made") };
        },
        { kind: { exists: async () => false }, ports: { objects }, settings: { sweepMs: 60_000, clock } },
      );
      const { name } = await operations.submit({ ...submission, resource: "one", requestId: "first" });
      await operations.wait(name);
      for (let i = 0; i < sweeps; i++) {
        clock.pass(31 * dayMs);
        await operations.sweep();
      }
      assert.equal(lists, sweeps);
      assert.equal(readText((await operations.get(name)).result), "made");
      assert.deepEqual(await keys(bench.ports.objects), ["operations/p1/thing-one/2/part"]);
    });
  }

  test("lists keep their order and tokens their place while the clock jumps", async (context) => {
    const bench = await openBench(context);
    const clock = new JumpingClock();
    const operations = await bench.start(async () => ({ value: text("") }), {
      kind: { concurrency: 0 },
      settings: { clock },
    });
    for (let round = 0; round < 3; round++) {
      for (const [i, jump] of Object.values(jumps).entries()) {
        jump(clock);
        await operations.submit({ ...submission, resource: `r${round}${i}` });
      }
    }
    const [whole] = idsOf(operations, 100);
    assert.equal(whole?.length, 15);
    for (const jump of Object.values(jumps)) {
      jump(clock);
      assert.deepEqual(idsOf(operations, 4, () => clock.jump(-clock.now() / 2)).flat(), whole);
    }
  });
});

onThisMachine("a whole process goes on when the machine's clock jumps", faultsNeedLinux, async (context) => {
  const disk = await FaultyDisk.open(context);
  const report = await disk.run<JumpReport>(new URL("jumping-installation.js", import.meta.url));
  assert.deepEqual(report.reports, []);
  assert.deepEqual(report.states, ["SUCCEEDED", "SUCCEEDED"]);
  assert.deepEqual(report.attempts, [1, 1]);
  // The machine's clock was told, not only our own.
  assert.deepEqual(report.years, [1970, new Date().getUTCFullYear()]);
});

/** Resolves after so many heartbeats. */
async function beats(state: StateStore, count: number): Promise<void> {
  let first: number | undefined;
  for await (const change of state.watch("operations/")) {
    if (change.type !== "put") continue;
    const { beat } = JSON.parse(new TextDecoder().decode(change.value));
    first ??= beat as number;
    if (beat >= first + count) return;
  }
}

/** The ids of all operations, page by page. */
function idsOf(operations: Operations, pageSize: number, between = (): void => undefined): string[][] {
  const pages: string[][] = [];
  let pageToken = "";
  do {
    const page = operations.list({ pageSize, pageToken });
    pages.push(page.operations.map(({ resource }) => resource));
    pageToken = page.nextPageToken;
    between();
  } while (pageToken !== "");
  return pages;
}

function methodsOf(objects: ObjectStore): ObjectStore {
  return {
    put: (...call) => objects.put(...call),
    get: (...call) => objects.get(...call),
    getBytes: (...call) => objects.getBytes(...call),
    range: (...call) => objects.range(...call),
    stat: (...call) => objects.stat(...call),
    list: (...call) => objects.list(...call),
    delete: (...call) => objects.delete(...call),
    deletePrefix: (...call) => objects.deletePrefix(...call),
  };
}

async function keys(objects: ObjectStore): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of objects.list("")) found.push(key);
  return found;
}
