/**
 * The hyperparameters under which the values that were seen are the likeliest: the maximum of the marginal likelihood by its
 * gradient (C. E. Rasmussen and C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006, eq. 5.9), from several
 * starts. Of few values the likelihood alone may take any length: one that is far from half the range is held to be less likely.
 */
import { type Box, minimiseInBox } from "./box-minimum.js";
import { CholeskyFactor } from "./cholesky-factor.js";
import type { Hyperparameters } from "./gaussian-process.js";

/** For points in the unit cube and standardised values. */
const BOUNDS = { length: [0.02, 20], variance: [0.05, 50], noise: [1e-12, 2] } as const;

/** What the lengths are held to be before any value: log-normal about this one. */
const USUAL_LENGTH = { median: 0.5, logDeviation: 1 };

/** The logarithms of the lengths, of the variance and of the noise. */
export type LogHyperparameters = Float64Array;

export function logarithms({ lengths, variance, noise }: Hyperparameters): LogHyperparameters {
  return Float64Array.from([...lengths, variance, noise], Math.log);
}

export function fromLogarithms(theta: LogHyperparameters): Hyperparameters {
  const values = theta.map(Math.exp);
  const size = theta.length - 2;
  return { lengths: values.slice(0, size), variance: values[size]!, noise: values[size + 1]! };
}

/** Squared differences of all pairs of points, parameter by parameter: what every evaluation needs. */
export class PairDifferences {
  readonly size: number;
  readonly dimensions: number;
  /** Of the pair (i, j < i) at i·(i − 1)/2 + j, its parameters side by side. */
  readonly squares: Float64Array;

  constructor(points: readonly Float64Array[]) {
    this.size = points.length;
    this.dimensions = points[0]?.length ?? 0;
    this.squares = new Float64Array(((this.size * (this.size - 1)) / 2) * this.dimensions);
    let at = 0;
    for (let i = 1; i < points.length; i++) {
      for (let j = 0; j < i; j++) {
        for (let d = 0; d < this.dimensions; d++) this.squares[at++] = (points[i]![d]! - points[j]![d]!) ** 2;
      }
    }
  }
}

/**
 * −log p(values | points, θ), and its gradient by the logarithms of the hyperparameters. Infinite where the covariance is not positive
 * definite for rounding.
 */
export function negativeLogLikelihood(
  pairs: PairDifferences,
  values: Float64Array,
  theta: LogHyperparameters,
  gradient: Float64Array,
): number {
  const { size: n, dimensions, squares } = pairs;
  const { lengths, variance, noise } = fromLogarithms(theta);
  const inverseSquares = lengths.map((length) => 1 / (length * length));
  const factor = new CholeskyFactor();
  const count = (n * (n - 1)) / 2;
  const covariances = new Float64Array(count);
  const slopes = new Float64Array(count);
  const root5 = Math.sqrt(5);
  for (let pair = 0, at = 0; pair < count; pair++) {
    let r2 = 0;
    for (let d = 0; d < dimensions; d++) r2 += squares[at++]! * inverseSquares[d]!;
    const s = root5 * Math.sqrt(r2);
    const decay = variance * Math.exp(-s);
    covariances[pair] = (1 + s + (s * s) / 3) * decay;
    slopes[pair] = (5 / 3) * (1 + s) * decay;
  }
  gradient.fill(0);
  for (let i = 0, at = 0; i < n; i++, at += i - 1) {
    if (!factor.append(covariances.subarray(at, at + i), variance + noise)) return Number.POSITIVE_INFINITY;
  }
  const weights = values.slice();
  factor.solve(weights);
  let fit = 0;
  for (let i = 0; i < n; i++) fit += weights[i]! * values[i]!;
  // ½·tr((K⁻¹ − w·wᵀ)·∂K/∂θ): each pair stands twice in it.
  const inverse = factor.inverse();
  for (let i = 0, pair = 0, at = 0; i < n; i++) {
    const own = inverse[i * n + i]! - weights[i]! * weights[i]!;
    gradient[dimensions]! += 0.5 * own * variance;
    gradient[dimensions + 1]! += 0.5 * own * noise;
    for (let j = 0; j < i; j++, pair++) {
      const both = inverse[i * n + j]! - weights[i]! * weights[j]!;
      gradient[dimensions]! += both * covariances[pair]!;
      const along = both * slopes[pair]!;
      for (let d = 0; d < dimensions; d++) gradient[d]! += along * squares[at++]! * inverseSquares[d]!;
    }
  }
  return 0.5 * (fit + factor.logDeterminant + n * Math.log(2 * Math.PI));
}

function negativeLogPosterior(
  pairs: PairDifferences,
  values: Float64Array,
  theta: LogHyperparameters,
  gradient: Float64Array,
): number {
  let value = negativeLogLikelihood(pairs, values, theta, gradient);
  const { median, logDeviation } = USUAL_LENGTH;
  for (let d = 0; d < pairs.dimensions; d++) {
    const deviations = (theta[d]! - Math.log(median)) / logDeviation;
    value += 0.5 * deviations * deviations;
    gradient[d]! += deviations / logDeviation;
  }
  return value;
}

/**
 * @param starts Where to begin: logarithms of hyperparameters.
 * @param evaluations The most from each start.
 */
export function maximiseLikelihood(
  points: readonly Float64Array[],
  values: Float64Array,
  starts: readonly LogHyperparameters[],
  evaluations: number,
): LogHyperparameters {
  const pairs = new PairDifferences(points);
  const box = hyperparameterBox(pairs.dimensions);
  const minima = starts.map((start) =>
    minimiseInBox((theta, gradient) => negativeLogPosterior(pairs, values, theta, gradient), start, box, {
      evaluations,
      tolerance: 1e-3,
    }),
  );
  return minima.reduce((best, minimum) => (minimum.value < best.value ? minimum : best)).x;
}

/** Within which the hyperparameters are looked for. */
export function hyperparameterBox(dimensions: number): Box {
  const side = (which: 0 | 1) =>
    Float64Array.from(
      [...Array<number>(dimensions).fill(BOUNDS.length[which]), BOUNDS.variance[which], BOUNDS.noise[which]],
      Math.log,
    );
  return { lower: side(0), upper: side(1) };
}
