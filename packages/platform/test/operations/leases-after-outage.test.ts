import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { PssrError } from "@pssr/api";
import type { StateStore } from "@pssr/platform";
import { Leases } from "../../dist/operations/lease.js";
import { OperationIndex } from "../../dist/operations/operation-index.js";
import { parseRecord } from "../../dist/operations/record.js";
import { type Moment, moment, onEachGround, untilAborted } from "./bench.js";
import { JumpingClock } from "./jumping-clock.js";
import { text } from "./thing-kind.js";

const key = "operations/p1/thing-one";
const leaseMs = 10_000;

onEachGround(({ test, openBench }) => {
  test("after an outage of any length a worker has all of its lease to be heard again", async (context) => {
    const bench = await openBench(context);
    const working = moment();
    const kind = { leaseMs: 300_000, heartbeatMs: 100_000 };
    const work = async ({ signal }: { signal: AbortSignal }) => {
      working.happen();
      return untilAborted(signal);
    };
    const operations = await bench.start(work, { kind });
    await operations.submit({ kind: "thing", project: "p1", principal: "ann", request: text("make"), resource: "one" });
    await working.happened;
    const [broken, mended] = [moment(), moment()];
    const clock = new JumpingClock();
    const index = new OperationIndex(severed(bench.ports.state, broken, mended), bench.ports.events, clock, () => {});
    await index.start();
    context.after(() => index.close());
    const leases = new Leases(index, clock, false);
    const remainingMs = async () => {
      const { value, revision } = (await bench.ports.state.get(key))!;
      return leases.remainingMs({ key, record: parseRecord(key, value), revision }, leaseMs);
    };
    assert.ok((await remainingMs()) > 0.9 * leaseMs);
    clock.pass(0.5 * leaseMs);
    assert.ok((await remainingMs()) < 0.6 * leaseMs, "it runs while the process hears of what changes");
    broken.happen();
    while (index.isCurrent) await setImmediate();
    clock.pass(6 * leaseMs);
    assert.equal(await remainingMs(), leaseMs, "nobody can tell who is silent");
    mended.happen();
    while (!index.isCurrent) await setImmediate();
    assert.ok((await remainingMs()) > 0.9 * leaseMs);
  });
});

/** A store whose first watch breaks, and whose next one waits for the connection, as over NATS. */
function severed(state: StateStore, broken: Moment, mended: Moment): StateStore {
  let watches = 0;
  return {
    get: (...call) => state.get(...call),
    put: (...call) => state.put(...call),
    delete: (...call) => state.delete(...call),
    list: (...call) => state.list(...call),
    async *watch(...call) {
      watches += 1;
      if (watches > 1) {
        await mended.happened;
        yield* state.watch(...call);
        return;
      }
      const changes = state.watch(...call)[Symbol.asyncIterator]();
      const gone = broken.happened.then(() => {
        throw new PssrError("UNAVAILABLE", "the connection broke");
      });
      gone.catch(() => undefined); // told to who reads on
      for (;;) {
        const next = await Promise.race([changes.next(), gone]);
        if (next.done) return;
        yield next.value;
      }
    },
  };
}
