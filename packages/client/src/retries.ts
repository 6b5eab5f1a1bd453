/** How transfers of files meet a connection that breaks or falls silent: they wait, longer each time, and go on where they were. */

export interface RetryOptions {
  signal?: AbortSignal | undefined;
  /** After so long without a byte a stream is given up and opened again, milliseconds. Default 60,000. */
  silenceMs?: number | undefined;
  /** Pause before the first try again, milliseconds, doubled each time. Default 250. */
  pauseMs?: number | undefined;
}

/** Tries in a row without a single new byte, after which a transfer gives up: with default pauses after eight seconds. */
export const attemptsWithoutProgress = 6;

export const defaultSilenceMs = 60_000;

/** The pause after so many failures in a row, 1 or more. */
export function pauseAfter(failures: number, { pauseMs = 250 }: RetryOptions): number {
  return pauseMs * 2 ** (failures - 1);
}
