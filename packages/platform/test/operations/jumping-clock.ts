/** A clock whose wall time jumps, and on which time can pass: on both its sides, or for people alone. */
import type { Clock } from "@pssr/platform";

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

export class JumpingClock implements Clock {
  #passedMs = 0;
  #offMs = 0;

  now(): number {
    return Date.now() + this.#passedMs + this.#offMs;
  }

  monotonic(): number {
    return performance.now() + this.#passedMs;
  }

  /** The wall clock is so far off from now on. */
  jump(offMs: number): void {
    this.#offMs = offMs;
  }

  /** The wall clock says that it is 1970. */
  jumpTo1970(): void {
    this.#offMs = -(Date.now() + this.#passedMs);
  }

  pass(passedMs: number): void {
    this.#passedMs += passedMs;
  }
}
