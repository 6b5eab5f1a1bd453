/**
 * The law of noise that numbers taken from images fit best: least squares with the weights that the law itself gives them, taken
 * anew in each step (iteratively reweighted, by the method of C. F. Gauss and I. Newton), slope and variance never below 0.
 */
import type { NoiseLaw } from "./noise-law.js";

/** Numbers as a law predicts them, and the variances with which they are measured. A variance that is not finite: it does not count. */
export interface Prediction {
  values: Float64Array;
  variances: Float64Array;
}

export type Predict = (law: NoiseLaw) => Prediction;

export interface LawFit {
  law: NoiseLaw;
  /** Mean square of the deviations in units of what they vary by: about 1 where the law is that of the detector. */
  misfit: number;
  /** The sum of those squares. */
  total: number;
  /** How much worse another law is: the sum of the squares of the same deviations, less that of this one. */
  worse(other: NoiseLaw): number;
  /**
   * The law that other numbers of the same kind would have given, by one step from this one.
   *
   * @param shares How much each counts relative to the fit, as in a bootstrap.
   */
  nearby(measured: Float64Array, shares: Float64Array): NoiseLaw;
}

/** What of a law is looked for; the rest stays as it is at the start. */
export type Free = Record<keyof NoiseLaw, boolean>;

type Triple = [slope: number, variance: number, offset: number];

const MOST_STEPS = 30;
const MOST_HALVINGS = 8;

export function fitLaw(predict: Predict, measured: Float64Array, start: NoiseLaw, free: Free): LawFit {
  const open = [0, 1, 2].filter((n) => [free.slope, free.variance, free.offset][n]);
  let at = tripleOf(start);
  let prediction = predict(lawOf(at));
  // Slopes are taken over steps that are small beside what there is of each.
  const scales = scalesOf(measured, prediction, at);
  for (let step = 0; step < MOST_STEPS; step++) {
    const slopes = slopesAt(predict, at, prediction, scales);
    const { variances } = prediction;
    const next = stepTo(at, slopes, measured, prediction, undefined, open);
    const before = distance(measured, prediction.values, variances);
    let share = 1;
    let found: { to: Triple; prediction: Prediction } | undefined;
    for (let half = 0; half < MOST_HALVINGS && found === undefined; half++, share /= 2) {
      const to = at.map((value, n) => value + share * (next[n]! - value)) as Triple;
      const there = predict(lawOf(to));
      if (distance(measured, there.values, variances) < before) found = { to, prediction: there };
    }
    if (found === undefined) break;
    const moved = Math.max(...at.map((value, n) => Math.abs(found.to[n]! - value) / scales[n]!));
    at = found.to;
    prediction = found.prediction;
    if (moved < 1e-3) break;
  }
  const slopes = slopesAt(predict, at, prediction, scales);
  const counted = prediction.variances.reduce((sum, variance) => sum + (variance < Infinity ? 1 : 0), 0);
  const freedom = Math.max(counted - open.length, 1);
  const least = distance(measured, prediction.values, prediction.variances);
  return {
    law: lawOf(at),
    misfit: least / freedom,
    total: least,
    worse: (other) => distance(measured, predict(other).values, prediction.variances) - least,
    nearby: (others, shares) => lawOf(stepTo(at, slopes, others, prediction, shares, open)),
  };
}

const tripleOf = ({ slope, variance, offset }: NoiseLaw): Triple => [slope, variance, offset];
const lawOf = ([slope, variance, offset]: Triple): NoiseLaw => ({ slope, variance, offset });

function distance(measured: Float64Array, values: Float64Array, variances: Float64Array): number {
  let sum = 0;
  for (let n = 0; n < measured.length; n++) {
    if (variances[n]! < Infinity) sum += (measured[n]! - values[n]!) ** 2 / variances[n]!;
  }
  return sum;
}

/** How far each of the three moves a prediction by about as much as it is uncertain, so that all are probed alike. */
function scalesOf(measured: Float64Array, { values, variances }: Prediction, [slope, variance]: Triple): Triple {
  let largest = 0;
  for (let n = 0; n < measured.length; n++) {
    if (variances[n]! < Infinity) largest = Math.max(largest, Math.abs(values[n]!), Math.abs(measured[n]!));
  }
  const height = Math.max(largest, 1e-12);
  return [Math.max(slope, height / 1e3), Math.max(variance, height / 30), Math.sqrt(height)].map(
    (scale) => 0.02 * scale,
  ) as Triple;
}

function slopesAt(predict: Predict, at: Triple, { values }: Prediction, scales: Triple): Float64Array[] {
  return scales.map((scale, n) => {
    const moved = [...at] as Triple;
    moved[n]! += scale;
    const there = predict(lawOf(moved)).values;
    return there.map((value, i) => (value - values[i]!) / scale);
  });
}

/** The best place if predictions went on as straight as they do here. */
function stepTo(
  at: Triple,
  slopes: Float64Array[],
  measured: Float64Array,
  { values, variances }: Prediction,
  shares: Float64Array | undefined,
  open: readonly number[],
): Triple {
  const matrix = Array.from({ length: 3 }, () => [0, 0, 0]);
  const right = [0, 0, 0];
  for (let i = 0; i < measured.length; i++) {
    const share = shares === undefined ? 1 : shares[i]!;
    if (!(variances[i]! < Infinity) || share === 0) continue;
    const weight = share / variances[i]!;
    const miss = measured[i]! - values[i]!;
    for (let n = 0; n < 3; n++) {
      right[n]! += weight * slopes[n]![i]! * miss;
      for (let m = 0; m < 3; m++) matrix[n]![m]! += weight * slopes[n]![i]! * slopes[m]![i]!;
    }
  }
  let best: Triple = at;
  let least = 0;
  for (const atZero of [[], [1], [0], [0, 1]]) {
    if (!atZero.every((n) => open.includes(n))) continue;
    const step = stepHolding(matrix, right, at, open, atZero);
    if (step === undefined) continue;
    const to = at.map((value, n) => value + step[n]!) as Triple;
    if (to[0] < 0 || to[1] < 0) continue;
    let cost = 0;
    for (let n = 0; n < 3; n++) {
      cost -= right[n]! * step[n]!;
      for (let m = 0; m < 3; m++) cost += 0.5 * step[n]! * matrix[n]![m]! * step[m]!;
    }
    if (cost >= least) continue;
    least = cost;
    best = to;
  }
  return best;
}

/** The least of ½·sᵀMs − rᵀs where some coordinates go to 0 and those that are not open stay; undefined: M tells nothing of a free one. */
function stepHolding(
  matrix: number[][],
  right: number[],
  at: Triple,
  open: readonly number[],
  atZero: readonly number[],
): Triple | undefined {
  const step: Triple = [0, 0, 0];
  for (const n of atZero) step[n] = -at[n]!;
  const free = open.filter((n) => !atZero.includes(n));
  const scale = free.map((n) => Math.sqrt(matrix[n]![n]!));
  if (scale.some((one) => !(one > 0))) return undefined;
  const rows = free.map((n, i) => [
    ...free.map((m, j) => matrix[n]![m]! / (scale[i]! * scale[j]!)),
    (right[n]! - atZero.reduce((sum, m) => sum + matrix[n]![m]! * step[m]!, 0)) / scale[i]!,
  ]);
  for (let i = 0; i < rows.length; i++) {
    const pivot = rows[i]![i]!;
    // Correlations of 1: the two cannot be told apart.
    if (!(pivot > 1e-10)) return undefined;
    for (let j = i + 1; j < rows.length; j++) {
      const factor = rows[j]![i]! / pivot;
      for (let k = i; k <= rows.length; k++) rows[j]![k]! -= factor * rows[i]![k]!;
    }
  }
  for (let i = rows.length - 1; i >= 0; i--) {
    let sum = rows[i]![rows.length]!;
    for (let k = i + 1; k < rows.length; k++) sum -= rows[i]![k]! * step[free[k]!]! * scale[k]!;
    step[free[i]!] = sum / rows[i]![i]! / scale[i]!;
  }
  return step;
}
