/** Work on many things, some of them at the same time; the first error gives up the rest. */
import type { Abortable } from "@pssr/platform";

export async function someAtOnce<T, Result>(
  things: readonly T[],
  atOnce: number,
  work: (thing: T, index: number, options: { signal: AbortSignal }) => Promise<Result>,
  { signal }: Abortable,
): Promise<Result[]> {
  const failed = new AbortController();
  const given = AbortSignal.any(signal === undefined ? [failed.signal] : [signal, failed.signal]);
  const results: Result[] = [];
  let next = 0;
  const lane = async () => {
    while (next < things.length) {
      given.throwIfAborted();
      const index = next++;
      results[index] = await work(things[index]!, index, { signal: given });
    }
  };
  const lanes = Array.from({ length: Math.min(atOnce, things.length) }, () =>
    lane().catch((error: unknown) => failed.abort(error)),
  );
  // All have ended before the first error is told: nothing of theirs goes on unseen.
  await Promise.all(lanes);
  failed.signal.throwIfAborted();
  return results;
}
