/** Work done ahead of a reader: several tasks at once, their results in order, never more of them than `depth`. */
import { setMaxListeners } from "node:events";
import type { Abortable } from "@pssr/platform";

/**
 * Runs `work` for each item and gives the results in the items' order. When the reader leaves, or one fails, the
 * signal of all that is under way is aborted, and it is waited for.
 */
export async function* orderedPrefetch<Item, Result>(
  items: Iterable<Item>,
  depth: number,
  work: (item: Item, options: { signal: AbortSignal }) => Promise<Result>,
  { signal }: Abortable,
): AsyncIterable<Result> {
  const stop = new AbortController();
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  setMaxListeners(0, both); // each work under way has one
  const underWay: Promise<Result>[] = [];
  const iterator = items[Symbol.iterator]();
  const fill = () => {
    while (underWay.length < depth) {
      const next = iterator.next();
      if (next.done) return;
      const result = work(next.value, { signal: both });
      // Its error is seen when its turn comes; until then it must not count as unhandled.
      result.catch(() => undefined);
      underWay.push(result);
    }
  };
  try {
    for (fill(); underWay.length > 0; fill()) {
      signal?.throwIfAborted();
      const result = await underWay[0]!;
      underWay.shift();
      yield result;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(underWay);
  }
}
