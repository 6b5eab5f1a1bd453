/** What every event bus promises. `open` gives a fresh bus for one test. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { BusEvent, EventBus } from "@pssr/platform";
import { reason } from "../reason.js";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export function eventBusContract(name: string, open: (context: TestContext) => Promise<EventBus>): void {
  test(`${name}: subscribers get the events under their prefix`, async (context) => {
    const bus = await open(context);
    const one = subscribe(context, bus, "a/");
    const two = subscribe(context, bus, "");
    await bus.publish("a/x", text("1"));
    await bus.publish("b/x", text("2"));
    await bus.publish("a/y", text("3"));
    assert.deepEqual(await one.next(), ["a/x", "1"]);
    assert.deepEqual(await one.next(), ["a/y", "3"]);
    assert.deepEqual(await two.next(), ["a/x", "1"]);
    assert.deepEqual(await two.next(), ["b/x", "2"]);
  });

  test(`${name}: a subscription begins with the last event of each subject`, async (context) => {
    const bus = await open(context);
    for (const [subject, value] of [
      ["a/x", "old"],
      ["a/x", "new"],
      ["a/y", "only"],
      ["b/x", "other"],
    ] as const) {
      await bus.publish(subject, text(value));
    }
    const subscribed = subscribe(context, bus, "a/");
    const seen = new Map([await subscribed.next(), await subscribed.next()]);
    assert.deepEqual([...seen].sort(), [
      ["a/x", "new"],
      ["a/y", "only"],
    ]);
  });

  test(`${name}: for a slow subscriber the last event of a subject wins`, async (context) => {
    const bus = await open(context);
    const slow = subscribe(context, bus, "a/");
    await bus.publish("a/x", text("first"));
    assert.deepEqual(await slow.next(), ["a/x", "first"]);
    for (let i = 0; i < 10_000; i++) await bus.publish("a/x", text(`${i}`));
    await bus.publish("a/y", text("end"));
    const seen: string[][] = [];
    do seen.push(await slow.next());
    while (seen.at(-1)?.[0] !== "a/y");
    assert.deepEqual(seen.at(-2), ["a/x", "9999"]);
    assert.ok(seen.length < 10_000, `${seen.length} events waited`);
  });

  test(`${name}: a subscription ends with its signal's reason`, async (context) => {
    const bus = await open(context);
    const controller = new AbortController();
    const iterator = bus.subscribe("a/", { signal: controller.signal })[Symbol.asyncIterator]();
    const waiting = iterator.next();
    controller.abort(new Error("given up"));
    await assert.rejects(waiting, /given up/);
  });

  test(`${name}: subjects of another form and events over 64 KiB are refused`, async (context) => {
    const bus = await open(context);
    await assert.rejects(bus.publish("A b", text("x")), reason("INVALID_FIELD"));
    assert.throws(() => bus.subscribe("a"), reason("INVALID_FIELD"));
    await assert.rejects(bus.publish("a", new Uint8Array(64 * 1024 + 1)), reason("LIMIT_EXCEEDED"));
  });
}

function subscribe(context: TestContext, bus: EventBus, prefix: string): { next(): Promise<[string, string]> } {
  const controller = new AbortController();
  context.after(() => controller.abort());
  const iterator = bus.subscribe(prefix, { signal: controller.signal })[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await iterator.next();
      assert.ok(done !== true);
      const event: BusEvent = value;
      return [event.subject, new TextDecoder().decode(event.data)];
    },
  };
}
