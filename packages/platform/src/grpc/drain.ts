/** The wait of a server that stops: for its calls to end, but no longer than its grace time. */
import { setTimeout as after } from "node:timers/promises";
import type { CallCounter } from "./call-counter.js";

/** How long the last bytes of the last answer may take to leave. */
const flushMs = 100;
const unref = { ref: false };

/**
 * Returns when the server has shut down by itself (`shutDown`), when none of its counted calls is left, or after `graceMs`.
 * Streams that nobody ends, health watches say, are not counted: they would keep a server for ever.
 */
export async function drain(shutDown: Promise<void>, calls: CallCounter, graceMs: number): Promise<void> {
  const flushed = calls.idle().then(() => Promise.race([shutDown, after(flushMs, undefined, unref)]));
  await Promise.race([shutDown, flushed, after(graceMs, undefined, unref)]);
}
