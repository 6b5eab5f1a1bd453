/**
 * Filter coefficients of antialiased separable resampling, as Pillow's `Image.resize` computes them (Resample.c,
 * `precompute_coeffs`): when shrinking, the filter is stretched by the scale, so that every input pixel counts.
 */

/**
 * BILINEAR: triangle of radius 1. BICUBIC: Keys' cubic of radius 2 with a = −0.5 (Keys 1981, eq. 4). AREA: the mean of the
 * pixels that an output pixel covers (Pillow's BOX). POINT: the pixel at its centre, or the one right of and below it
 * (at whole scales Pillow's NEAREST).
 */
export type ResamplingKernel = "BILINEAR" | "BICUBIC" | "AREA" | "POINT";

/** One axis: output pixel i is the sum over k < counts[i] of weights[i · taps + k] · input[starts[i] + k]. */
export interface Coefficients {
  readonly taps: number;
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** Normalised to sum 1 for each output pixel. */
  readonly weights: Float64Array;
}

export function computeCoefficients(inputSize: number, outputSize: number, kernel: ResamplingKernel): Coefficients {
  if (kernel === "POINT") return pointCoefficients(inputSize, outputSize);
  const [filter, radius] = kernels[kernel];
  const scale = inputSize / outputSize;
  const stretch = Math.max(scale, 1);
  const support = radius * stretch;
  const taps = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(outputSize);
  const counts = new Int32Array(outputSize);
  const weights = new Float64Array(outputSize * taps);
  for (let i = 0; i < outputSize; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(inputSize, Math.trunc(centre + support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const weight = filter((k + start - centre + 0.5) * (1 / stretch));
      weights[i * taps + k] = weight;
      sum += weight;
    }
    if (sum !== 0) for (let k = 0; k < count; k++) weights[i * taps + k]! /= sum;
    starts[i] = start;
    counts[i] = count;
  }
  return { taps, starts, counts, weights };
}

function pointCoefficients(inputSize: number, outputSize: number): Coefficients {
  const scale = inputSize / outputSize;
  return {
    taps: 1,
    starts: Int32Array.from({ length: outputSize }, (_, i) => Math.floor((i + 0.5) * scale)),
    counts: new Int32Array(outputSize).fill(1),
    weights: new Float64Array(outputSize).fill(1),
  };
}

const kernels: Record<Exclude<ResamplingKernel, "POINT">, [filter: (x: number) => number, radius: number]> = {
  AREA: [(x) => (x > -0.5 && x <= 0.5 ? 1 : 0), 0.5],
  BILINEAR: [(x) => Math.max(0, 1 - Math.abs(x)), 1],
  BICUBIC: [
    (x) => {
      const a = -0.5;
      const distance = Math.abs(x);
      if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
      if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
      return 0;
    },
    2,
  ],
};
