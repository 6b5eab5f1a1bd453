/**
 * Goes downhill from a good start, where what is looked for is a point at which a vector of numbers is closest to another one:
 * K. Levenberg's and D. W. Marquardt's method (J. J. Moré, "The Levenberg-Marquardt algorithm: implementation and theory", 1978),
 * within the unit cube. Slopes come from small steps along each coordinate; afterwards each step corrects them (C. G. Broyden,
 * Math. Comput. 19, 1965), for a look at the function is dear. Ask and tell, as the optimiser:
 *
 *     const descent = new LeastSquares(start, measure(start), target, free);
 *     while (descent.isOpen) descent.tell(measure(descent.ask()));
 */

import { CholeskyFactor } from "./cholesky-factor.js";
import { dot } from "./dot.js";

/** Along a coordinate, for its slope. */
const PROBE = 0.02;
/** A step that changes no coordinate by more is the last one. */
const SMALLEST_STEP = 2e-4;
/** No step changes a coordinate by more: slopes are not those of places far away. */
const LONGEST_STEP = 0.2;
const FIRST_DAMPING = 1e-3;
/** After so many steps in a row that were no better slopes are taken anew, and after so many it is over. */
const FAILURES_TO_LOOK = 2;
const MOST_FAILURES = 6;

export class LeastSquares {
  readonly #target: Float64Array;
  readonly #free: readonly number[];
  /** The best place so far, and what was measured there. */
  #at: Float64Array;
  #vector: Float64Array;
  /** By the free coordinates: how the vector changes along each. */
  #slopes: Float64Array[] = [];
  /** Whether the slopes are those of this place, and not what steps have left of those of another. */
  #isFresh = true;
  #damping = FIRST_DAMPING;
  #failures = 0;
  #asked: Float64Array | undefined;
  #isOpen = true;

  /**
   * @param start Coordinates from 0 to 1.
   * @param vector What was measured there.
   * @param target What it should be.
   * @param free The coordinates that may change.
   */
  constructor(start: Float64Array, vector: Float64Array, target: Float64Array, free: readonly number[]) {
    this.#at = start;
    this.#vector = vector;
    this.#target = target;
    this.#free = free;
    this.#isOpen = free.length > 0;
  }

  /** Whether there is more to ask. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Where to measure next; the same until that is told. */
  ask(): Float64Array {
    if (!this.#isOpen) throw new Error("the descent is over: there is nothing more to ask");
    this.#asked ??= this.#slopes.length < this.#free.length ? this.#probe() : this.#step();
    return this.#asked;
  }

  tell(vector: Float64Array): void {
    const asked = this.ask();
    this.#asked = undefined;
    if (this.#slopes.length < this.#free.length) this.#learnSlope(asked, vector);
    else this.#learnStep(asked, vector);
    // A step that is not worth taking ends it.
    if (this.#isOpen && this.#slopes.length === this.#free.length && this.#isStill(this.#step())) this.#isOpen = false;
  }

  #probe(): Float64Array {
    const coordinate = this.#free[this.#slopes.length]!;
    const probe = this.#at.slice();
    // Away from the nearer end of the range.
    probe[coordinate]! += probe[coordinate]! < 0.5 ? PROBE : -PROBE;
    return probe;
  }

  #learnSlope(asked: Float64Array, vector: Float64Array): void {
    const coordinate = this.#free[this.#slopes.length]!;
    const length = asked[coordinate]! - this.#at[coordinate]!;
    this.#slopes.push(vector.map((value, n) => (value - this.#vector[n]!) / length));
  }

  #learnStep(asked: Float64Array, vector: Float64Array): void {
    const moved = this.#free.map((coordinate) => asked[coordinate]! - this.#at[coordinate]!);
    const squares = moved.reduce((sum, one) => sum + one * one, 0);
    const unforeseen = vector.map((value, n) => {
      const foreseen = moved.reduce((sum, one, f) => sum + one * this.#slopes[f]![n]!, 0);
      return value - this.#vector[n]! - foreseen;
    });
    const isBetter = this.#missing(vector) < this.#missing(this.#vector);
    const wereFresh = this.#isFresh;
    this.#slopes = this.#slopes.map((slope, f) => slope.map((one, n) => one + (unforeseen[n]! * moved[f]!) / squares));
    this.#isFresh = false;
    if (isBetter) {
      [this.#at, this.#vector] = [asked, vector];
      this.#damping = Math.max(this.#damping / 5, 1e-9);
      this.#failures = 0;
      return;
    }
    this.#damping *= 10;
    this.#failures++;
    if (this.#failures >= MOST_FAILURES) this.#isOpen = false;
    // What steps have left of the slopes misleads: look again.
    else if (!wereFresh && this.#failures === FAILURES_TO_LOOK) {
      this.#slopes = [];
      this.#isFresh = true;
      this.#damping = FIRST_DAMPING;
    }
  }

  /** Where the damped normal equations lead, held within the cube. */
  #step(): Float64Array {
    const missing = this.#target.map((value, n) => value - this.#vector[n]!);
    let inside = this.#free.map((_, f) => f);
    for (;;) {
      const step = this.#solve(inside, missing);
      const outward = inside.filter((f, n) => {
        const at = this.#at[this.#free[f]!]!;
        return (at <= 0 && step[n]! < 0) || (at >= 1 && step[n]! > 0);
      });
      if (outward.length === 0) {
        const longest = step.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
        const share = Math.min(1, LONGEST_STEP / longest);
        const next = this.#at.slice();
        inside.forEach((f, n) => {
          const coordinate = this.#free[f]!;
          next[coordinate] = Math.min(Math.max(next[coordinate]! + share * step[n]!, 0), 1);
        });
        return next;
      }
      inside = inside.filter((f) => !outward.includes(f));
    }
  }

  #solve(inside: readonly number[], missing: Float64Array): Float64Array {
    const factor = new CholeskyFactor();
    const right = Float64Array.from(inside, (f) => dot(this.#slopes[f]!, missing));
    for (const [n, f] of inside.entries()) {
      const row = Float64Array.from(inside.slice(0, n), (other) => dot(this.#slopes[f]!, this.#slopes[other]!));
      const own = dot(this.#slopes[f]!, this.#slopes[f]!);
      // What no number depends on stays where it is.
      if (!factor.append(row, own * (1 + this.#damping) + 1e-9)) factor.append(row.fill(0), 1e300);
    }
    factor.solve(right);
    return right;
  }

  #isStill(next: Float64Array): boolean {
    return this.#free.every((coordinate) => Math.abs(next[coordinate]! - this.#at[coordinate]!) < SMALLEST_STEP);
  }

  #missing(vector: Float64Array): number {
    return vector.reduce((sum, value, n) => sum + (value - this.#target[n]!) ** 2, 0);
  }
}
