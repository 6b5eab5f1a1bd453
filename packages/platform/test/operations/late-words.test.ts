/** Words that come too late, and words whose answer is lost on the way. */
import assert from "node:assert/strict";
import { PssrError } from "@pssr/api";
import type { StateStore } from "@pssr/platform";
import { moment, onEachGround } from "./bench.js";
import { readText, text } from "./thing-kind.js";

const submission = { kind: "thing", project: "p1", principal: "ann", request: text("make") };
const key = "operations/p1/thing-one";

onEachGround(({ test, openBench }) => {
  test("what a worker tells that does not know of the end is not the last that is told", async (context) => {
    const bench = await openBench(context);
    const { events } = bench.ports;
    const mayEnd = moment();
    const operations = await bench.start(async (job) => {
      job.progress(text("half"));
      await mayEnd.happened;
      return { value: text("whole") };
    });
    const during = events.subscribe("operations/")[Symbol.asyncIterator]();
    const { name } = await operations.submit({ ...submission, resource: "one" });
    const early = (await during.next()).value.data;
    assert.equal(said(early).done, false);
    mayEnd.happen();
    await operations.wait(name);
    for await (const { data } of events.subscribe("operations/")) if (said(data).done) break;
    await events.publish(key, early);
    const seen: boolean[] = [];
    for await (const { data } of events.subscribe("operations/")) {
      seen.push(said(data).done);
      if (said(data).done) break;
    }
    assert.equal(seen.at(-1), true);
  });

  test("a worker whose claim was written and the answer lost works on, and has not crashed", async (context) => {
    const bench = await openBench(context);
    let lost = 0;
    const operations = await bench.start(async (job) => ({ value: text(`${job.attempt} ${job.record.crashes}`) }), {
      ports: {
        state: losing(bench.ports.state, (value) => {
          if (lost > 0 || JSON.parse(new TextDecoder().decode(value)).state !== "RUNNING") return false;
          lost += 1;
          return true;
        }),
      },
    });
    const { name } = await operations.submit({ ...submission, resource: "one" });
    const ended = await operations.wait(name);
    assert.equal(lost, 1);
    assert.equal(readText(ended.result), "1 0");
  });
});

function said(data: Uint8Array): { done: boolean } {
  return JSON.parse(new TextDecoder().decode(data)).data;
}

/** The store does what it is asked, but the answer to some writes never comes. */
function losing(state: StateStore, isLost: (value: Uint8Array) => boolean): StateStore {
  return {
    get: (...call) => state.get(...call),
    async put(...call) {
      const revision = await state.put(...call);
      if (isLost(call[1])) throw new PssrError("UNAVAILABLE", "the answer was lost");
      return revision;
    },
    delete: (...call) => state.delete(...call),
    list: (...call) => state.list(...call),
    watch: (...call) => state.watch(...call),
  };
}
