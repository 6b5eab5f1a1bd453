/**
 * The two passes of 8-bit resampling in Pillow's fixed-point arithmetic (Resample.c, `normalize_coeffs_8bpc`): 22 bits of
 * fraction, rows first, rounded to 8 bits between the passes.
 */
import type { PixelData } from "../pixels/pixel-array.js";
import type { Coefficients } from "./coefficients.js";
import type { Passes, Plan } from "./float-passes.js";

const fractionBits = 22;
const half = 1 << (fractionBits - 1);

export class FixedPointPasses implements Passes {
  readonly #plan: Plan;
  readonly #x: Int32Array | undefined;
  readonly #y: Int32Array | undefined;
  readonly #rows: Uint8Array | undefined;
  readonly #sums: Int32Array;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#x = plan.x && quantise(plan.x);
    this.#y = plan.y && quantise(plan.y);
    this.#rows = plan.x && plan.y && new Uint8Array(plan.height * plan.outputWidth);
    this.#sums = new Int32Array(plan.outputWidth);
  }

  run(input: PixelData, output: PixelData): void {
    const { x, y } = this.#plan;
    const rows = this.#rows ?? (x === undefined ? input : output);
    if (x !== undefined) this.#horizontal(input as Uint8Array, rows as Uint8Array, x, this.#x!);
    if (y !== undefined) this.#vertical(rows as Uint8Array, output as Uint8Array, y, this.#y!);
    else if (x === undefined) output.set(input);
  }

  #horizontal(input: Uint8Array, rows: Uint8Array, { taps, starts, counts }: Coefficients, weights: Int32Array): void {
    const { height, width, outputWidth } = this.#plan;
    for (let row = 0; row < height; row++) {
      const from = row * width;
      const to = row * outputWidth;
      for (let i = 0; i < outputWidth; i++) {
        const first = from + starts[i]!;
        const weight = i * taps;
        const count = counts[i]!;
        let sum = half;
        for (let k = 0; k < count; k++) sum = (sum + Math.imul(input[first + k]!, weights[weight + k]!)) | 0;
        rows[to + i] = clip(sum);
      }
    }
  }

  #vertical(rows: Uint8Array, output: Uint8Array, { taps, starts, counts }: Coefficients, weights: Int32Array): void {
    const { outputHeight, outputWidth } = this.#plan;
    const sums = this.#sums;
    for (let i = 0; i < outputHeight; i++) {
      sums.fill(half);
      for (let k = 0; k < counts[i]!; k++) {
        const weight = weights[i * taps + k]!;
        const from = (starts[i]! + k) * outputWidth;
        for (let column = 0; column < outputWidth; column++) {
          sums[column] = (sums[column]! + Math.imul(rows[from + column]!, weight)) | 0;
        }
      }
      const to = i * outputWidth;
      for (let column = 0; column < outputWidth; column++) output[to + column] = clip(sums[column]!);
    }
  }
}

function clip(sum: number): number {
  const value = sum >> fractionBits;
  return Math.max(0, Math.min(255, value));
}

function quantise({ weights }: Coefficients): Int32Array {
  return Int32Array.from(weights, (weight) => Math.trunc(weight * (1 << fractionBits) + (weight < 0 ? -0.5 : 0.5)));
}
