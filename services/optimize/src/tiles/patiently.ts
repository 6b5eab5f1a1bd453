/** Calls of a peer that may be away for a while, because it is started again: they are made until it answers. */
import { setTimeout } from "node:timers/promises";
import { isPeerGone, PssrError } from "@pssr/api";

/** The pause before the next call is doubled from the first to the longest. */
const firstPauseMs = 200;
const longestPauseMs = 10_000;

export interface Patience {
  signal: AbortSignal;
  /** After so long without an answer UNAVAILABLE is thrown. */
  patienceMs: number;
  /** Told what keeps the answer from coming. */
  waiting(problem: string): void;
}

export async function patiently<T>(call: () => Promise<T>, { signal, patienceMs, waiting }: Patience): Promise<T> {
  const beganMs = performance.now();
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      if (!isPeerGone(error)) throw error;
      const { message } = error as Error;
      // A peer that shuts down cancels its calls: nobody else has cancelled anything.
      if (performance.now() - beganMs + pauseMs > patienceMs)
        throw new PssrError("UNAVAILABLE", message, { cause: error });
      waiting(message);
      await setTimeout(pauseMs, undefined, { signal });
    }
  }
}
