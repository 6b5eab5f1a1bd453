/** Near a point, by how much its coordinates have to change for a vector of numbers to change as wanted: linear least squares. */
import { CholeskyFactor } from "../search/cholesky-factor.js";
import { dot } from "../search/dot.js";

/**
 * Before anything is seen, a coordinate lies anywhere from 0 to 1, and numbers of the vector vary by about 1: what nothing depends on
 * stays where it is.
 */
const RIDGE = 1;
/** Of the noise of slopes less and less is taken off, until what is left can be that of slopes. */
const SHARES = 20;

export class LinearStep {
  readonly #slopes: readonly Float64Array[];
  readonly #factor: CholeskyFactor;

  /**
   * @param slopes By coordinate: how the vector changes along it.
   * @param noise What errors of the slopes add to their products, by two coordinates: it is taken off, for two slopes that hardly
   *   differ would differ by their errors, and both coordinates seem to be known (W. A. Fuller, "Measurement Error Models", 1987).
   */
  constructor(slopes: readonly Float64Array[], noise: readonly Float64Array[]) {
    this.#slopes = slopes;
    for (let left = SHARES; ; left--) {
      const factor = factorOf(slopes, noise, left / SHARES);
      if (factor === undefined) continue;
      this.#factor = factor;
      break;
    }
  }

  /** @param wanted The change of the vector. */
  towards(wanted: Float64Array): Float64Array {
    const step = Float64Array.from(this.#slopes, (slope) => dot(slope, wanted));
    this.#factor.solve(step);
    return step;
  }
}

/** Undefined where more is taken off than there is. */
function factorOf(
  slopes: readonly Float64Array[],
  noise: readonly Float64Array[],
  share: number,
): CholeskyFactor | undefined {
  const factor = new CholeskyFactor();
  for (const [n, slope] of slopes.entries()) {
    const product = (other: Float64Array, m: number) => dot(slope, other) - share * noise[n]![m]!;
    const row = Float64Array.from(slopes.slice(0, n), product);
    if (factor.append(row, product(slope, n) + RIDGE)) continue;
    if (share > 0) return undefined;
    // Slopes that are the same to the last digits.
    factor.append(row.fill(0), 1e300);
  }
  return factor;
}
