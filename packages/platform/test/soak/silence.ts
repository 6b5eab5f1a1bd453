/** Why a worker was silent for so long that another took its job. */
import type { Pause, WorkerLife } from "./worker-life.js";
import { leaseMs, stopGraceMs } from "./worker-messages.js";

/** After an outage a process connects again within this time. */
const reconnectMs = 2_000;
const heardLateMs = 2_000;

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
  const { end, killedMs } = life;
  // Where it killed itself, we heard of that later than it was.
  const diedMs = killedMs ?? (end?.signal === "SIGKILL" ? end.atMs - heardLateMs : Number.POSITIVE_INFINITY);
  if (diedMs <= takenMs) return "killed";
  // One that came to its end as it should has given its jobs back, unless it could not write for as long as it had for that.
  const hadTime = end?.code === 0 && end.atMs <= takenMs;
  const causes = [...life.pauses, ...natsOutages]
    .filter(({ fromMs, toMs = takenMs, why }) => !hadTime || why === "away" || toMs - fromMs >= stopGraceMs)
    .filter(({ fromMs, toMs = Number.POSITIVE_INFINITY, why }) => {
      const aftermathMs = why === "away" ? reconnectMs : leaseMs;
      return fromMs <= takenMs && toMs + aftermathMs >= lastMs;
    })
    .map(({ why }) => why);
  return (["frozen", "away", "stalled"] as const).find((why) => causes.includes(why));
}
