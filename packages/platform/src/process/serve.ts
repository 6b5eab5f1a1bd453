/** Serves until it is asked to stop: starts, says where it listens, waits, and ends in an orderly way. */
import { once } from "node:events";
import { isInterruption } from "./report-error.js";
import type { Running } from "./service-program.js";

/** Returns after an orderly end, also of a start that was given up; throws what else hindered either. */
export async function serve(name: string, start: () => Promise<Running>, signal: AbortSignal): Promise<void> {
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    if (isInterruption(error, signal)) return;
    throw error;
  }
  process.stderr.write(`${name} listens on ${running.address}; Ctrl-C stops it\n`);
  if (!signal.aborted) await once(signal, "abort");
  await running.close();
}
