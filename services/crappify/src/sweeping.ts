/** Tidies up now and then: soon after the start, then every hour. Each round may be cut short and repeated at will. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@pssr/platform";

const firstAfterMs = 60_000;
const intervalMs = 60 * 60_000;

/** Runs the rounds one after the other until aborted; what fails is logged and tried again the next time. */
export async function startSweeping(
  rounds: readonly ((nowMs: number) => Promise<void>)[],
  { signal, log }: { signal: AbortSignal; log: Logger },
): Promise<void> {
  for (let pauseMs = firstAfterMs; ; pauseMs = intervalMs) {
    await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined); // aborted: the loop ends
    if (signal.aborted) return;
    for (const round of rounds) {
      try {
        await round(Date.now());
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error }, "tidying up failed and is tried again in an hour");
      }
    }
  }
}
