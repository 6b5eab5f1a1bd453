/** Serves until it is asked to stop: starts, says where it listens, waits, and ends in an orderly way. */
import { once } from "node:events";
import { createLogger } from "../log/logger.js";
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
  sayWhere(name, running.bound);
  if (!signal.aborted) await once(signal, "abort");
  await running.close();
}

/** Plain for a person at a terminal; else a line of the log, at any level: whoever has started it waits for that. */
function sayWhere(name: string, address: string): void {
  const words = `${name} listens on ${address};`;
  if (process.stderr.isTTY) process.stderr.write(`${words} Ctrl-C stops it\n`);
  else createLogger({ service: name.toLowerCase(), level: "info" }).info({ address }, `${words} SIGTERM stops it`);
}
