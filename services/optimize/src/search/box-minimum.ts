/**
 * A local minimum of a smooth function within bounds, by a projected quasi-Newton method: Newton's steps with the BFGS estimate of
 * the inverse Hessian (J. Nocedal and S. J. Wright, "Numerical Optimization", 2006, eq. 6.17) in the parameters that are free to
 * move, cut at the bounds, shortened until the function falls enough (eq. 3.4).
 */
import { dot } from "./dot.js";

export interface Box {
  lower: Float64Array;
  upper: Float64Array;
}

/** The function's value at `x`; writes its gradient. */
export type Differentiable = (x: Float64Array, gradient: Float64Array) => number;

export interface Minimum {
  x: Float64Array;
  value: number;
}

const SUFFICIENT_DECREASE = 1e-4;
const STILL_STEEP = 0.9;
const SMALLEST_STEP = 1e-10;

interface Step extends Minimum {
  gradient: Float64Array;
}

/**
 * @param evaluations The most that the function is asked.
 * @param tolerance Ends when no free parameter's slope, or no step's gain relative to the value, is larger.
 */
export function minimiseInBox(
  evaluate: Differentiable,
  start: Float64Array,
  { lower, upper }: Box,
  { evaluations = 100, tolerance = 1e-6 }: { evaluations?: number; tolerance?: number } = {},
): Minimum {
  const size = start.length;
  const held = (x: Float64Array) => x.map((value, d) => Math.min(Math.max(value, lower[d]!), upper[d]!));
  let x: Float64Array = held(start);
  let gradient: Float64Array = new Float64Array(size);
  let value = evaluate(x, gradient);
  let inverse: Float64Array = identity(size);
  let isFresh = true;
  for (let left = evaluations - 1; left > 0; ) {
    const free = x.map((at, d) =>
      (at <= lower[d]! && gradient[d]! > 0) || (at >= upper[d]! && gradient[d]! < 0) ? 0 : 1,
    );
    if (gradient.every((slope, d) => free[d] === 0 || Math.abs(slope) <= tolerance)) break;
    let direction = descent(inverse, gradient, free);
    if (!(dot(direction, gradient) < 0)) {
      inverse = identity(size);
      isFresh = true;
      direction = descent(inverse, gradient, free);
    }
    // Nothing is known of the curvature yet: no parameter goes further than a tenth of its range.
    const whole = isFresh ? Math.min(1, firstStep(direction, lower, upper)) : 1;
    const slope = dot(direction, gradient);
    const take = (share: number): Step | undefined => {
      const next = held(x.map((at, d) => at + share * direction[d]!));
      const nextGradient = new Float64Array(size);
      const nextValue = evaluate(next, nextGradient);
      left--;
      const expected = gradient.reduce((sum, way, d) => sum + way * (next[d]! - x[d]!), 0);
      const isLower = nextValue <= value + SUFFICIENT_DECREASE * expected;
      return isLower ? { x: next, value: nextValue, gradient: nextGradient } : undefined;
    };
    let found: Step | undefined;
    for (let share = whole; left > 0 && share > SMALLEST_STEP && found === undefined; share /= 3) {
      found = take(share);
      // Where it goes down as steeply still, a step tells nothing of the curvature: further.
      for (let further = 3 * share; share === whole && found !== undefined && left > 0; further *= 3) {
        if (dot(direction, found.gradient) >= STILL_STEEP * slope) break;
        const next = take(further);
        if (next === undefined || next.value >= found.value) break;
        found = next;
      }
    }
    if (found === undefined) {
      if (isFresh) break;
      inverse = identity(size);
      isFresh = true;
      continue;
    }
    const gain = value - found.value;
    inverse = updated(
      inverse,
      found.x.map((to, d) => to - x[d]!),
      found.gradient.map((to, d) => to - gradient[d]!),
      isFresh,
    );
    isFresh = false;
    ({ x, value, gradient } = found);
    if (gain <= tolerance * Math.max(1, Math.abs(value)) * 1e-3) break;
  }
  return { x, value };
}

function identity(size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let d = 0; d < size; d++) matrix[d * size + d] = 1;
  return matrix;
}

/** −H·g among the free parameters. */
function descent(inverse: Float64Array, gradient: Float64Array, free: Float64Array): Float64Array {
  const size = gradient.length;
  return gradient.map((_, d) => {
    if (free[d] === 0) return 0;
    let sum = 0;
    for (let e = 0; e < size; e++) sum -= free[e]! * inverse[d * size + e]! * gradient[e]!;
    return sum;
  });
}

function firstStep(direction: Float64Array, lower: Float64Array, upper: Float64Array): number {
  return direction.reduce(
    (share, way, d) => Math.min(share, (0.1 * (upper[d]! - lower[d]!)) / Math.max(Math.abs(way), Number.MIN_VALUE)),
    Number.POSITIVE_INFINITY,
  );
}

function updated(inverse: Float64Array, step: Float64Array, change: Float64Array, isFresh: boolean): Float64Array {
  const size = step.length;
  const curvature = dot(step, change);
  const changeNorm = dot(change, change);
  if (!(curvature > 1e-12 * Math.sqrt(dot(step, step) * changeNorm))) return inverse;
  // The first step tells the scale (eq. 6.20).
  const base = isFresh ? inverse.map((entry) => (entry * curvature) / changeNorm) : inverse;
  const bent = new Float64Array(size);
  for (let d = 0; d < size; d++) for (let e = 0; e < size; e++) bent[d]! += base[d * size + e]! * change[e]!;
  const factor = (1 + dot(change, bent) / curvature) / curvature;
  return base.map((entry, at) => {
    const d = Math.floor(at / size);
    const e = at % size;
    return entry + factor * step[d]! * step[e]! - (bent[d]! * step[e]! + step[d]! * bent[e]!) / curvature;
  });
}
