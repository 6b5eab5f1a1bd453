/**
 * Tidies up now and then: twice soon after the start, then every hour. Each round may be cut short and repeated at will. The
 * first one mostly looks: nothing goes that was not seen before, see seen-since.ts.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@pssr/platform";
import { leastSeenMs } from "./seen-since.js";

/** Soon enough that a process which never runs for an hour tidies up as well. */
const firstAfterMs = [60_000, leastSeenMs + 60_000];
const intervalMs = 60 * 60_000;

/** Runs the rounds one after the other until aborted; what fails is logged and tried again the next time. */
export async function startSweeping(
  rounds: readonly (() => Promise<void>)[],
  { signal, log }: { signal: AbortSignal; log: Logger },
): Promise<void> {
  for (let round = 0; ; round++) {
    const pauseMs = firstAfterMs[round] ?? intervalMs;
    await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined); // aborted: the loop ends
    if (signal.aborted) return;
    for (const tidyUp of rounds) {
      try {
        await tidyUp();
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error }, "tidying up failed and is tried again the next time, within an hour");
      }
    }
  }
}
