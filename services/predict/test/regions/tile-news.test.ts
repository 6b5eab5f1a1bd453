import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventBus } from "@pssr/platform";
import { decodeTiles } from "../../dist/regions/region-job.js";
import { TileNews } from "../../dist/regions/tile-news.js";
import { key } from "../fixtures/six-regions.js";

/** A bus that answers when it is told to. */
class SlowBus implements EventBus {
  readonly told: string[] = [];
  #answers: ((error?: Error) => void)[] = [];

  get underWay(): number {
    return this.#answers.length;
  }

  publish(subject: string, data: Uint8Array): Promise<void> {
    this.told.push(`${subject.slice(subject.lastIndexOf("/") + 1)}: ${decodeTiles(data)}`);
    return new Promise((resolve, reject) => {
      this.#answers.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  subscribe(): AsyncIterable<never> {
    throw new Error("nobody listens here");
  }

  /** Answers all calls, and waits until what follows from that has happened. */
  async answer(error?: Error): Promise<void> {
    for (const answer of this.#answers.splice(0)) answer(error);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("a bus that stands still has one call of each region, and hears the last count of each in the end", async () => {
  const bus = new SlowBus();
  const news = new TileNews(bus, (error) => assert.fail(String(error)));
  for (let done = 1; done <= 100; done++) {
    for (const index of [0, 1]) news.tell({ ...key, index }, done);
  }
  assert.equal(bus.underWay, 2);
  await bus.answer();
  assert.equal(bus.underWay, 2);
  await bus.answer();
  assert.equal(bus.underWay, 0);
  assert.deepEqual(bus.told, ["0: 1", "1: 1", "0: 100", "1: 100"]);
  news.tell({ ...key, index: 0 }, 101);
  assert.equal(bus.told.at(-1), "0: 101");
});

test("an outage is reported once, and the next one again", async () => {
  const bus = new SlowBus();
  const reports: string[] = [];
  const news = new TileNews(bus, (error) => reports.push(String(error)));
  const job = { ...key, index: 0 };
  for (let done = 1; done <= 5; done++) {
    news.tell(job, done);
    await bus.answer(new Error("first"));
  }
  assert.deepEqual(reports, ["Error: first"]);
  news.tell(job, 6);
  await bus.answer();
  news.tell(job, 7);
  await bus.answer(new Error("second"));
  assert.deepEqual(reports, ["Error: first", "Error: second"]);
});
