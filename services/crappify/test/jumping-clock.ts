/** A clock whose wall time jumps, and on which time can pass: what tidying up goes by. */
import type { Clock } from "@pssr/platform";

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
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

  pass(passedMs: number): void {
    this.#passedMs += passedMs;
  }
}
