/** Near a point, by how much its coordinates have to change for a vector of numbers to change as wanted: linear least squares. */
import { CholeskyFactor } from "../search/cholesky-factor.js";
import { dot } from "../search/dot.js";

/** Relative to the largest: coordinates that nothing depends on stay where they are. */
const RIDGE = 1e-6;

export class LinearStep {
  readonly #slopes: readonly Float64Array[];
  readonly #factor = new CholeskyFactor();

  /** @param slopes By coordinate: how the vector changes along it. */
  constructor(slopes: readonly Float64Array[]) {
    this.#slopes = slopes;
    const largest = Math.max(...slopes.map((slope) => dot(slope, slope)), Number.MIN_VALUE);
    slopes.forEach((slope, n) => {
      const row = Float64Array.from(slopes.slice(0, n), (other) => dot(slope, other));
      const own = dot(slope, slope) + RIDGE * largest;
      if (!this.#factor.append(row, own)) this.#factor.append(row.fill(0), 1e300);
    });
  }

  /** @param wanted The change of the vector. */
  towards(wanted: Float64Array): Float64Array {
    const step = Float64Array.from(this.#slopes, (slope) => dot(slope, wanted));
    this.#factor.solve(step);
    return step;
  }
}
