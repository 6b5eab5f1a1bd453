/** What a crappifier did to an image, in numbers: the degraded pixels against the same ones only sampled. */
import type { PixelType, PixelTypes } from "./pixel-tile.js";

/** Pixels whose signal lies within one part of the range. */
export interface SignalBin {
  pixels: number;
  /** Mean of the clean pixels, in grey values. */
  signal: number;
  /** Variance of the differences, in grey values squared. */
  variance: number;
}

export interface NoiseStatistics {
  /** Mean of degraded − clean, in grey values. */
  meanDifference: number;
  /** Standard deviation of degraded − clean, in grey values. */
  standardDeviation: number;
  /** 10·log₁₀((white − black)² / mean square of the difference); infinite where nothing differs. */
  psnrDb: number;
  /** The photon transfer curve: those of 16 equal parts of the range from black to white that have pixels. */
  bins: SignalBin[];
}

const BINS = 16;

/** Pixels that are no finite number on either side do not count. */
export function noiseStatistics(
  clean: PixelTypes[PixelType],
  degraded: PixelTypes[PixelType],
  { black, white }: { black: number; white: number },
): NoiseStatistics {
  const all = new Moments();
  const bins = Array.from({ length: BINS }, () => ({ signal: 0, differences: new Moments() }));
  const perBin = (white - black) / BINS;
  for (let n = 0; n < clean.length; n++) {
    const signal = clean[n]!;
    const difference = degraded[n]! - signal;
    if (!Number.isFinite(difference)) continue;
    all.add(difference);
    const bin = bins[Math.min(BINS - 1, Math.max(0, Math.floor((signal - black) / perBin)))]!;
    bin.signal += signal;
    bin.differences.add(difference);
  }
  return {
    meanDifference: all.mean,
    standardDeviation: Math.sqrt(all.variance),
    psnrDb: 10 * Math.log10((white - black) ** 2 / (all.variance + all.mean ** 2)),
    bins: bins
      .filter(({ differences }) => differences.count > 0)
      .map(({ signal, differences }) => ({
        pixels: differences.count,
        signal: signal / differences.count,
        variance: differences.variance,
      })),
  };
}

/** Mean and variance in one pass (B. P. Welford, Technometrics 4, 1962). */
class Moments {
  count = 0;
  mean = 0;
  #squares = 0;

  add(value: number): void {
    this.count++;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.#squares += before * (value - this.mean);
  }

  get variance(): number {
    return this.count === 0 ? 0 : this.#squares / this.count;
  }
}
