/** Parts of pairs packed into messages: many small ones into one, but never held back for long. */
import type { PairPart, StreamPairsResponse } from "@pssr/api";
import { type Encodable, whenEncoded } from "@pssr/platform";
import { maximumPartBytes, type Pair, partsOf } from "./pair-parts.js";

/** Longest time between two messages to a reader who waits. */
const quietMs = 1000;

/**
 * Parts as messages of no more bytes than one part may have: a message for each pair would cost more than a small pair. Where
 * the reader has waited a second, what there is is sent, be it nothing: pairs may be long in coming, from an external step say,
 * and a reader must be able to tell a slow stream from a dead one.
 */
export async function* messagesOf(pairs: AsyncIterable<Pair>): AsyncGenerator<StreamPairsResponse & Encodable> {
  const iterator = pairs[Symbol.asyncIterator]();
  let parts: PairPart[] = [];
  let bytes = 0;
  /** Pairs whose last part is in the next message. */
  let ended: Pair[] = [];
  const take = (): StreamPairsResponse & Encodable => {
    const read = ended;
    const message = {
      parts,
      [whenEncoded]() {
        for (const pair of read) pair.release();
      },
    };
    [parts, bytes, ended] = [[], 0, []];
    return message;
  };
  try {
    let waitingSince = performance.now();
    for (let next = iterator.next(); ; ) {
      const result = await inTime(next, waitingSince + quietMs - performance.now());
      if (result === undefined) {
        yield take();
        waitingSince = performance.now();
        continue;
      }
      if (result.done) return;
      for (const part of partsOf(result.value)) {
        const size = (part.low?.data.length ?? 0) + (part.high?.data.length ?? 0);
        if (parts.length > 0 && bytes + size > maximumPartBytes) {
          yield take();
          waitingSince = performance.now();
        }
        parts.push(part);
        bytes += size;
      }
      ended.push(result.value);
      if (result.value.isLastOfStep) {
        yield take();
        waitingSince = performance.now();
      }
      next = iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}

/** What comes in time, else undefined. */
async function inTime<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, ms), undefined);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
