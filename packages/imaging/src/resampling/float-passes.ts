/**
 * The two passes of resampling in floating point, for uint16 and float32 planes: rows first, then columns. The sums themselves
 * are kernels/resampling-float.ts.
 */
import { copyToKernels, kernelPlaces, kernels } from "../kernels.js";
import type { PixelData } from "../pixels/pixel-array.js";
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

/** Columns that the kernels make together. */
const columnsTogether = 2;

export class FloatPasses implements Passes {
  readonly #plan: Plan;
  readonly #dtype: "uint16" | "float32";
  readonly #x: Coefficients;
  readonly #y: Coefficients;
  /** Pixels from row to row of what is between and after the passes. */
  readonly #stride: number;

  constructor(plan: Plan, dtype: "uint16" | "float32") {
    this.#plan = plan;
    this.#dtype = dtype;
    this.#stride = Math.ceil(plan.outputWidth / columnsTogether) * columnsTogether;
    this.#x = padded(plan.x ?? unchanged(plan.width), this.#stride);
    this.#y = plan.y ?? unchanged(plan.height);
  }

  run(input: PixelData, output: PixelData): void {
    const { height, width, outputHeight } = this.#plan;
    const [x, y, stride] = [this.#x, this.#y, this.#stride];
    const isShort = this.#dtype === "uint16";
    const [pixelBytes, rowBytes] = isShort ? [2, 8] : [4, 4];
    const [inputAt, rowsAt, outputAt, xStarts, xCounts, xWeights, yStarts, yCounts, yWeights] = kernelPlaces([
      input.byteLength,
      height * stride * rowBytes,
      outputHeight * stride * pixelBytes,
      x.starts.byteLength,
      x.counts.byteLength,
      x.weights.byteLength,
      y.starts.byteLength,
      y.counts.byteLength,
      y.weights.byteLength,
    ]);
    copyToKernels(input, inputAt);
    copyToKernels(x.starts, xStarts);
    copyToKernels(x.counts, xCounts);
    copyToKernels(x.weights, xWeights);
    copyToKernels(y.starts, yStarts);
    copyToKernels(y.counts, yCounts);
    copyToKernels(y.weights, yWeights);
    const rows = isShort ? kernels.resampleRowsOfShorts : kernels.resampleRowsOfFloats;
    rows(rowsAt, inputAt, height, width, stride, xStarts, xCounts, xWeights, x.taps);
    const columns = isShort ? kernels.resampleColumnsToShorts : kernels.resampleColumnsToFloats;
    columns(outputAt, rowsAt, stride, outputHeight, yStarts, yCounts, yWeights, y.taps);
    this.#takeOut(output, outputAt, pixelBytes);
  }

  #takeOut(output: PixelData, at: number, pixelBytes: number): void {
    const { outputHeight, outputWidth } = this.#plan;
    const bytes = new Uint8Array(output.buffer, output.byteOffset, output.byteLength);
    const rowBytes = outputWidth * pixelBytes;
    for (let row = 0; row < outputHeight; row++) {
      const from = at + row * this.#stride * pixelBytes;
      bytes.set(new Uint8Array(kernels.memory.buffer, from, rowBytes), row * rowBytes);
    }
  }
}

/** Each pixel as it is. */
function unchanged(size: number): Coefficients {
  return {
    taps: 1,
    starts: Int32Array.from({ length: size }, (_, i) => i),
    counts: new Int32Array(size).fill(1),
    weights: new Float64Array(size).fill(1),
  };
}

/** With further pixels that are the sum of none. */
function padded({ taps, starts, counts, weights }: Coefficients, size: number): Coefficients {
  const longer = <T extends Int32Array | Float64Array>(values: T, length: number): T => {
    const copy = new (values.constructor as new (length: number) => T)(length);
    copy.set(values);
    return copy;
  };
  return {
    taps,
    starts: longer(starts, size),
    counts: longer(counts, size),
    weights: longer(weights, size * taps),
  };
}
