/** Why a worker was silent for so long that another took its job. */
import type { Pause, WorkerLife } from "./worker-life.js";
import { leaseMs } from "./worker-messages.js";

/** After an outage a process connects again within this time. */
const reconnectMs = 2_000;

export type Cause = "killed" | Pause["why"];

/**
 * Undefined where nothing explains that this worker was silent between two times. A kill explains it best; `natsOutages` are of
 * all workers.
 */
export function causeOfSilence(
  life: WorkerLife,
  natsOutages: readonly Pause[],
  { lastMs, takenMs }: { lastMs: number; takenMs: number },
): Cause | undefined {
  if (diedMs(life) <= takenMs) return "killed";
  const causes = [...life.pauses, ...natsOutages]
    .filter(({ fromMs, toMs = Number.POSITIVE_INFINITY, why }) => {
      const aftermathMs = why === "away" ? reconnectMs : leaseMs;
      return fromMs <= takenMs && toMs + aftermathMs >= lastMs;
    })
    .map(({ why }) => why);
  return (["frozen", "away", "stalled"] as const).find((why) => causes.includes(why));
}

/** When it was killed, by us or by itself; later than any time where it was not. */
export function diedMs({ end, killedMs }: WorkerLife): number {
  if (killedMs !== undefined) return killedMs;
  return end?.signal === "SIGKILL" ? end.atMs : Number.POSITIVE_INFINITY;
}
