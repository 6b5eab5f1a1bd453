/**
 * The Matérn covariance of smoothness 5/2 with a length of its own for each parameter (automatic relevance determination):
 * k(r) = σ²·(1 + √5·r + 5/3·r²)·e^(−√5·r), r² = Σ (Δₐ/ℓₐ)² (C. E. Rasmussen and C. K. I. Williams, "Gaussian Processes for Machine
 * Learning", 2006, eq. 4.17 and 5.1).
 */

export interface Matern {
  /** σ²: variance of the function. */
  variance: number;
  /** ℓ: over such a distance in each parameter values are alike. */
  lengths: Float64Array;
}

const ROOT5 = Math.sqrt(5);

/** k(a, b). */
export function covariance({ variance, lengths }: Matern, a: Float64Array, b: Float64Array): number {
  const s = ROOT5 * Math.sqrt(squaredDistance(lengths, a, b));
  return variance * (1 + s + (s * s) / 3) * Math.exp(-s);
}

/**
 * What the covariance's derivatives have in common: −∂k/∂(r²)·2, that is 5/3·σ²·(1 + √5·r)·e^(−√5·r). ∂k/∂aₐ is this times
 * −Δₐ/ℓₐ²; ∂k/∂log ℓₐ is this times (Δₐ/ℓₐ)².
 */
export function slope({ variance, lengths }: Matern, a: Float64Array, b: Float64Array): number {
  const s = ROOT5 * Math.sqrt(squaredDistance(lengths, a, b));
  return (5 / 3) * variance * (1 + s) * Math.exp(-s);
}

function squaredDistance(lengths: Float64Array, a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < lengths.length; d++) {
    const scaled = (a[d]! - b[d]!) / lengths[d]!;
    sum += scaled * scaled;
  }
  return sum;
}
