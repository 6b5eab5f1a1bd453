/**
 * Gaussian process regression: of noisy values at some points, what the function is likely to be anywhere else (C. E. Rasmussen
 * and C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006, algorithm 2.1). Its mean is 0: give it values that
 * have been standardised.
 */

import { CholeskyFactor } from "./cholesky-factor.js";
import { dot } from "./dot.js";
import { covariance, type Matern } from "./matern.js";

/** What the process knows of the function before any value. */
export interface Hyperparameters extends Matern {
  /** Variance of the noise of each value. */
  noise: number;
}

export interface Prediction {
  mean: number;
  /** Of the function itself, without the values' noise. */
  variance: number;
}

/** Added to the diagonal, relative to the function's variance, until rounding no longer makes the matrix singular. */
const JITTERS = [0, 1e-12, 1e-10, 1e-8, 1e-6];

export class GaussianProcess {
  readonly hyperparameters: Hyperparameters;
  readonly #points: Float64Array[] = [];
  readonly #values: number[] = [];
  #factor = new CholeskyFactor();
  /** Of JITTERS. */
  #jitter = 0;
  #weights: Float64Array | undefined;

  constructor(hyperparameters: Hyperparameters, points: readonly Float64Array[] = [], values: readonly number[] = []) {
    this.hyperparameters = hyperparameters;
    points.forEach((point, i) => {
      this.add(point, values[i]!);
    });
  }

  get points(): readonly Float64Array[] {
    return this.#points;
  }

  get factor(): CholeskyFactor {
    return this.#factor;
  }

  /** One value more. */
  add(point: Float64Array, value: number): void {
    this.#points.push(point);
    this.#values.push(value);
    this.#weights = undefined;
    if (this.#append(this.#points.length - 1)) return;
    // Points that nearly repeat each other, without noise: all again with a little more on the diagonal.
    for (this.#jitter++; this.#jitter < JITTERS.length; this.#jitter++) {
      this.#factor = new CholeskyFactor();
      if (this.#points.every((_, i) => this.#append(i))) return;
    }
    throw new Error("the covariance of the points is not positive definite: a point or a hyperparameter is no number");
  }

  /** (K + noise)⁻¹·values. */
  get weights(): Float64Array {
    if (this.#weights === undefined) {
      this.#weights = Float64Array.from(this.#values);
      this.#factor.solve(this.#weights);
    }
    return this.#weights;
  }

  /** The covariances of a point with all that are known. */
  covariances(point: Float64Array): Float64Array {
    const { hyperparameters } = this;
    const found = new Float64Array(this.#points.length);
    for (let i = 0; i < found.length; i++) found[i] = covariance(hyperparameters, point, this.#points[i]!);
    return found;
  }

  /** The mean alone, which costs as much as there are points, and not its square. */
  mean(point: Float64Array): number {
    return dot(this.covariances(point), this.weights);
  }

  predict(point: Float64Array): Prediction {
    const k = this.covariances(point);
    const mean = dot(k, this.weights);
    this.#factor.solveLower(k);
    return { mean, variance: Math.max(0, this.hyperparameters.variance - dot(k, k)) };
  }

  /** log p(values | points, hyperparameters), eq. 2.30. */
  get logMarginalLikelihood(): number {
    const n = this.#values.length;
    const fit = dot(this.weights, Float64Array.from(this.#values));
    return -0.5 * (fit + this.#factor.logDeterminant + n * Math.log(2 * Math.PI));
  }

  #append(i: number): boolean {
    const { variance, noise } = this.hyperparameters;
    const point = this.#points[i]!;
    const row = new Float64Array(i);
    for (let j = 0; j < i; j++) row[j] = covariance(this.hyperparameters, point, this.#points[j]!);
    return this.#factor.append(row, variance * (1 + JITTERS[this.#jitter]!) + noise);
  }
}
