import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamPairsResponse } from "@pssr/api";
import { type Encodable, whenEncoded } from "@pssr/platform";
import { messagesOf } from "../../dist/pairs/pair-messages.js";
import type { Pair } from "../../dist/pairs/pair-parts.js";

const batchSize = 3;
/** Pairs whose memory was given back. */
let released: string[] = [];

function pairOf(step: number, index: number, side = 8): Pair {
  return {
    step,
    index,
    pairsInStep: batchSize,
    isLastOfStep: index === batchSize - 1,
    dtype: "uint8",
    levels: { black: 0, white: 255, source: "CALLER" },
    low: { side: side / 4, bytes: new Uint8Array((side / 4) ** 2) },
    high: { side, bytes: new Uint8Array(side ** 2) },
    release: () => released.push(`${step}/${index}`),
  };
}

function* stepsOf(count: number, side?: number): Iterable<Pair> {
  for (let step = 0; step < count; step++)
    for (let index = 0; index < batchSize; index++) yield pairOf(step, index, side);
}

async function* at(once: Iterable<Pair>): AsyncIterable<Pair> {
  yield* once;
}

/** Pairs that come when they are given. */
class Slow {
  left = false;
  #give: ((result: Pair) => void) | undefined;

  give(pair: Pair): void {
    assert.ok(this.#give, "nobody waits for a pair");
    this.#give(pair);
  }

  async *pairs(): AsyncIterable<Pair> {
    try {
      for (;;) yield await new Promise<Pair>((resolve) => (this.#give = resolve));
    } finally {
      this.left = true;
    }
  }
}

async function all(messages: AsyncIterable<StreamPairsResponse>): Promise<string[][]> {
  const each: string[][] = [];
  for await (const message of messages) each.push(indices(message));
  return each;
}

const indices = ({ parts }: StreamPairsResponse) => parts.map(({ step, index }) => `${step}/${index}`);

test("small pairs share a message, no step's end waits for the next step, and no message is larger than a part may be", async () => {
  const small = await all(messagesOf(at(stepsOf(2))));
  assert.deepEqual(small, [
    ["0/0", "0/1", "0/2"],
    ["1/0", "1/1", "1/2"],
  ]);
  const large = await all(messagesOf(at(stepsOf(1, 480))));
  assert.deepEqual(large, [["0/0", "0/1"], ["0/2"]]);
});

test("a reader who waits gets after a second what there is, be it nothing, and later what was missing", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const slow = new Slow();
  const messages = messagesOf(slow.pairs());
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const second = async (message: Promise<IteratorResult<StreamPairsResponse>>) => {
    await settled();
    t.mock.timers.tick(1000);
    return indices((await message).value);
  };
  const first = messages.next();
  await settled();
  slow.give(pairOf(0, 0));
  assert.deepEqual(await second(first), ["0/0"]);
  assert.deepEqual(await second(messages.next()), []);
  const rest = messages.next();
  slow.give(pairOf(0, 1));
  await settled();
  slow.give(pairOf(0, 2));
  assert.deepEqual(indices((await rest).value), ["0/1", "0/2"]);
  assert.equal(slow.left, false);
});

test("a pair gives its memory back once the message with its last part is written", async () => {
  released = [];
  // The last pair's side is in parts, and none of them in the message before.
  const pairs = [pairOf(0, 0), pairOf(0, 1), pairOf(0, 2, 1024)];
  const messages: (StreamPairsResponse & Encodable)[] = [];
  for await (const message of messagesOf(at(pairs))) messages.push(message);
  assert.deepEqual(messages.map(indices), [["0/0", "0/1", "0/2"], ["0/2"], ["0/2"]]);
  assert.deepEqual(released, []);
  const after = messages.map((message) => {
    message[whenEncoded]?.();
    return released.length;
  });
  assert.deepEqual(after, [2, 2, 3]);
});

test("who leaves takes the stream along", async () => {
  let left = false;
  const watched = (async function* () {
    try {
      yield* stepsOf(5);
    } finally {
      left = true;
    }
  })();
  for await (const _ of messagesOf(watched)) break;
  assert.ok(left);
});
