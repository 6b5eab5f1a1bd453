/** The two passes of resampling in floating point, for uint16 and float32 planes: rows first, then columns. */
import type { Dtype, PixelData } from "../pixels/pixel-array.js";
import type { Coefficients } from "./coefficients.js";

/** Sizes in pixels, and the coefficients along each axis; undefined where the size stays. */
export interface Plan {
  readonly height: number;
  readonly width: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly x: Coefficients | undefined;
  readonly y: Coefficients | undefined;
}

export interface Passes {
  run(input: PixelData, output: PixelData): void;
}

type Floats = Float32Array | Float64Array;

export class FloatPasses implements Passes {
  readonly #plan: Plan;
  readonly #rows: Floats;
  readonly #sums: Float64Array;
  readonly #dtype: Dtype;

  constructor(plan: Plan, dtype: "uint16" | "float32") {
    this.#plan = plan;
    this.#dtype = dtype;
    const between = plan.height * plan.outputWidth;
    this.#rows = dtype === "float32" ? new Float32Array(between) : new Float64Array(between);
    this.#sums = new Float64Array(plan.outputWidth);
  }

  run(input: PixelData, output: PixelData): void {
    this.#horizontal(input);
    this.#vertical(output);
  }

  #horizontal(input: PixelData): void {
    const { height, width, outputWidth, x } = this.#plan;
    const rows = this.#rows;
    if (x === undefined) {
      rows.set(input);
      return;
    }
    const { taps, starts, counts, weights } = x;
    for (let row = 0; row < height; row++) {
      for (let i = 0; i < outputWidth; i++) {
        const first = row * width + starts[i]!;
        let sum = 0;
        for (let k = 0; k < counts[i]!; k++) sum += input[first + k]! * weights[i * taps + k]!;
        rows[row * outputWidth + i] = sum;
      }
    }
  }

  #vertical(output: PixelData): void {
    const { outputHeight, outputWidth, y } = this.#plan;
    const rows = this.#rows;
    const sums = this.#sums;
    for (let i = 0; i < outputHeight; i++) {
      sums.fill(0);
      const count = y === undefined ? 1 : y.counts[i]!;
      for (let k = 0; k < count; k++) {
        const weight = y === undefined ? 1 : y.weights[i * y.taps + k]!;
        const from = ((y === undefined ? i : y.starts[i]!) + k) * outputWidth;
        for (let column = 0; column < outputWidth; column++) sums[column]! += rows[from + column]! * weight;
      }
      this.#store(sums, output, i * outputWidth);
    }
  }

  #store(sums: Float64Array, output: PixelData, to: number): void {
    if (this.#dtype === "float32") {
      output.set(sums, to);
      return;
    }
    for (let column = 0; column < sums.length; column++) {
      output[to + column] = Math.min(65535, Math.max(0, Math.floor(sums[column]! + 0.5)));
    }
  }
}
