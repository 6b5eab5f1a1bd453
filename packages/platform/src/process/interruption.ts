/**
 * SIGINT and SIGTERM, as every process of ours takes them: the first asks it to stop, the second ends it at once, and so
 * does the end of the time that stopping may take.
 *
 *     using interruption = new Interruption();
 *     await work({ signal: interruption.signal });
 */

/** Of a process that has nothing of its own to stop, milliseconds. */
const leastLimitMs = 5_000;
/** To tidy up, after what was given to work and calls, milliseconds. */
const tidyMs = 1_000;
const exitCode = 130;

/** How long each step of a stop may take, milliseconds: the settings of these names. */
export interface StopTimes {
  readonly stopDelay: number;
  readonly workGrace: number;
  readonly stopGrace: number;
}

export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  #limitMs = leastLimitMs;

  constructor() {
    process.on("SIGINT", this.#interrupt);
    process.on("SIGTERM", this.#interrupt);
  }

  /** Aborted when the process is asked to stop. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How long stopping may take before the process ends anyway, milliseconds. */
  get limitMs(): number {
    return this.#limitMs;
  }

  /** Lets a process that does work take the time that it was given for stopping. */
  readonly allow = ({ stopDelay, workGrace, stopGrace }: StopTimes): void => {
    this.#limitMs = Math.max(this.#limitMs, stopDelay + workGrace + stopGrace + tidyMs);
  };

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#interrupt);
    process.off("SIGTERM", this.#interrupt);
  }

  readonly #interrupt = () => {
    if (this.signal.aborted) process.exit(exitCode); // asked twice: at once
    this.#controller.abort(new Error("interrupted"));
    setTimeout(() => process.exit(exitCode), this.#limitMs).unref();
  };
}
