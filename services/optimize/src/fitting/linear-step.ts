/** Near a point, by how much its coordinates have to change for a vector of numbers to change as wanted: linear least squares. */
import { CholeskyFactor } from "../search/cholesky-factor.js";
import { dot } from "../search/dot.js";

/**
 * Before anything is seen, a coordinate lies anywhere from 0 to 1, and numbers of the vector vary by about 1: what nothing depends on
 * stays where it is.
 */
const RIDGE = 1;

export class LinearStep {
  readonly #slopes: readonly Float64Array[];
  readonly #factor = new CholeskyFactor();

  /** @param slopes By coordinate: how the vector changes along it. */
  constructor(slopes: readonly Float64Array[]) {
    this.#slopes = slopes;
    slopes.forEach((slope, n) => {
      const row = Float64Array.from(slopes.slice(0, n), (other) => dot(slope, other));
      const own = dot(slope, slope) + RIDGE;
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
