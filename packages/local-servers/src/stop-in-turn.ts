/** The end of several servers that stand on each other. */
import type { LocalServer } from "./local-server.js";

/** Ends the last group first, and all of them even where some cannot be ended; throws what hindered those. */
export async function stopInTurn(groups: readonly (readonly Pick<LocalServer, "stop">[])[]): Promise<void> {
  const failures: unknown[] = [];
  for (const group of groups.toReversed()) {
    for (const end of await Promise.allSettled(group.map((one) => one.stop()))) {
      if (end.status === "rejected") failures.push(end.reason);
    }
  }
  if (failures.length > 1) throw new AggregateError(failures, `${failures.length} processes could not be stopped`);
  if (failures.length === 1) throw failures[0];
}
