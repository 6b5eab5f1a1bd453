/** How long an interrupted command may take to stop before its process ends anyway. */

/** Of a command that has nothing of its own to stop, milliseconds. */
let limitMs = 5_000;

export function stopLimit(): number {
  return limitMs;
}

/** Lets a command that does work in this process take the time that it was given for stopping, and a second to tidy up. */
export function allowToStop({ workGrace, stopGrace }: { workGrace: number; stopGrace: number }): void {
  limitMs = Math.max(limitMs, workGrace + stopGrace + 1_000);
}
