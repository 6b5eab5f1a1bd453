/**
 * How much a further value is expected to fall below the best of those seen, where these are noisy: the mean, over functions
 * that could have given them, of the expected improvement upon that function's own best (B. Letham, B. Karrer, G. Ottoni and
 * E. Bakshy, "Constrained Bayesian optimization with noisy experiments", Bayesian Analysis 14(2), 2019, eq. 4). Without noise it is
 * the expected improvement of D. R. Jones, M. Schonlau and W. J. Welch (1998).
 */
import { dot } from "./dot.js";
import { GaussianProcess } from "./gaussian-process.js";
import { slope } from "./matern.js";
import { density, distribution } from "./normal-distribution.js";

/** A function that could have given the values, at the points themselves. */
interface Draw {
  /** K⁻¹·f. */
  weights: Float64Array;
  best: number;
}

export class NoisyExpectedImprovement {
  readonly #noiseless: GaussianProcess;
  readonly #draws: Draw[];

  /**
   * @param process What is known.
   * @param normal Gives standard normal numbers.
   * @param draws How many functions; one suffices without noise.
   */
  constructor(process: GaussianProcess, values: readonly number[], normal: () => number, draws = 16) {
    const { hyperparameters, points } = process;
    this.#noiseless = new GaussianProcess({ ...hyperparameters, noise: 0 }, points);
    const deviation = Math.sqrt(hyperparameters.noise);
    const rows = points.map((point) => process.covariances(point));
    this.#draws = Array.from({ length: draws }, () => {
      // Matheron's rule: a function before any value, put right by what the values differ from its own with noise.
      const z = Float64Array.from(points, normal);
      const prior = this.#noiseless.factor.multiplyLower(z);
      const correction = Float64Array.from(points, (_, i) => values[i]! - prior[i]! - deviation * normal());
      process.factor.solve(correction);
      const best = Math.min(...rows.map((row, i) => prior[i]! + dot(row, correction)));
      this.#noiseless.factor.solveUpper(z);
      return { weights: z.map((weight, i) => weight + correction[i]!), best };
    });
  }

  /** −log of the improvement at a point: its lowest place is where to look next. Writes the gradient where it is asked for. */
  negativeLogarithm(x: Float64Array, gradient?: Float64Array): number {
    const { hyperparameters, points, factor } = this.#noiseless;
    const k = this.#noiseless.covariances(x);
    const solved = k.slice();
    factor.solveLower(solved);
    const variance = hyperparameters.variance - dot(solved, solved);
    const deviation = Math.sqrt(Math.max(variance, 1e-12 * hyperparameters.variance));
    // The mean's and the deviation's parts of the improvement's derivative, weighed with each draw.
    let improvement = 0;
    let byDeviation = 0;
    const byWeights = gradient === undefined ? undefined : new Float64Array(points.length);
    for (const { weights, best } of this.#draws) {
      const u = (best - dot(k, weights)) / deviation;
      // Further below nothing is left that a number could hold.
      if (u < -38) continue;
      const below = distribution(u);
      const peak = density(u);
      improvement += deviation * (peak + u * below);
      byDeviation += peak;
      if (byWeights !== undefined) for (let i = 0; i < k.length; i++) byWeights[i]! -= below * weights[i]!;
    }
    const floor = 1e-300;
    if (!(improvement > floor)) {
      gradient?.fill(0);
      return -Math.log(floor / this.#draws.length);
    }
    if (gradient !== undefined && byWeights !== undefined) {
      factor.solveUpper(solved);
      gradient.fill(0);
      const { lengths } = hyperparameters;
      for (let i = 0; i < k.length; i++) {
        const byCovariance = byWeights[i]! - (byDeviation * solved[i]!) / deviation;
        const common = (byCovariance * slope(hyperparameters, x, points[i]!)) / improvement;
        for (let d = 0; d < lengths.length; d++) {
          gradient[d]! += (common * (x[d]! - points[i]![d]!)) / (lengths[d]! * lengths[d]!);
        }
      }
    }
    return -Math.log(improvement / this.#draws.length);
  }
}
