/** Compares samples with a distribution: how far they are off, in standard deviations of what chance would do. */

/**
 * Pearson's chi-square of whole-number samples against the Poisson distribution, cells of fewer than ten expected
 * samples pooled; as the deviation from its expectation in its standard deviations, which should lie within ±4.
 */
export function poissonDeviation(samples: ArrayLike<number>, mean: number): number {
  const counts = new Map<number, number>();
  for (let n = 0; n < samples.length; n++) counts.set(samples[n]!, (counts.get(samples[n]!) ?? 0) + 1);
  const reach = 12 * Math.sqrt(mean) + 30;
  let logP = -mean;
  const cells: { seen: number; expected: number }[] = [];
  let pooledSeen = 0;
  let pooledExpected = 0;
  const largest = Math.ceil(mean + reach);
  for (let k = 0; k <= largest; k++) {
    if (k > 0) logP += Math.log(mean / k);
    pooledSeen += counts.get(k) ?? 0;
    counts.delete(k);
    pooledExpected += samples.length * Math.exp(logP);
    if (pooledExpected < 10) continue;
    cells.push({ seen: pooledSeen, expected: pooledExpected });
    pooledSeen = 0;
    pooledExpected = 0;
  }
  // What is left of the upper tail joins the last cell.
  const last = cells.at(-1)!;
  last.seen += pooledSeen;
  last.expected += pooledExpected;
  if (counts.size > 0) throw new Error(`samples of mean ${mean} as far out as ${[...counts.keys()].join(", ")}`);
  const chiSquare = cells.reduce((sum, { seen, expected }) => sum + (seen - expected) ** 2 / expected, 0);
  const degrees = cells.length - 1;
  return (chiSquare - degrees) / Math.sqrt(2 * degrees);
}

/** Kolmogorov's statistic against the standard normal distribution, times √n: beyond 1.95 in one case of a thousand. */
export function normalDistance(samples: Float64Array): number {
  const sorted = samples.slice().sort();
  let distance = 0;
  for (let n = 0; n < sorted.length; n++) {
    const expected = normalDistribution(sorted[n]!);
    distance = Math.max(distance, Math.abs(expected - n / sorted.length), Math.abs(expected - (n + 1) / sorted.length));
  }
  return distance * Math.sqrt(samples.length);
}

/** Φ(z) by its Taylor series, Φ = ½ + φ(z)·(z + z³/3 + z⁵/(3·5) + …), good to 10⁻¹² for |z| ≤ 7. */
export function normalDistribution(z: number): number {
  let term = z;
  let sum = z;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return 0.5 + (sum * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI);
}

export function moments(samples: ArrayLike<number>): { mean: number; variance: number; kurtosis: number } {
  let mean = 0;
  for (let n = 0; n < samples.length; n++) mean += samples[n]! / samples.length;
  let second = 0;
  let fourth = 0;
  for (let n = 0; n < samples.length; n++) {
    const square = (samples[n]! - mean) ** 2;
    second += square / samples.length;
    fourth += (square * square) / samples.length;
  }
  return { mean, variance: second, kurtosis: fourth / (second * second) };
}
