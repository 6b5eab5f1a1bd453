/**
 * Antialiased resampling of planes, equal to Pillow's `Image.resize(…, BILINEAR | BICUBIC)`. A `Resampler` keeps its
 * coefficients and its scratch memory, for use in a hot loop:
 *
 *     const shrink = new Resampler({ input: [512, 512], output: [128, 128], kernel: "BILINEAR", dtype: "uint8" });
 *     shrink.apply(tile, lowResolution);
 *
 * uint8: Pillow's own fixed-point arithmetic, to the bit. uint16: float64 throughout, rounded once at the end.
 * float32: float64 sums, float32 between the two passes, as Pillow's mode F.
 */
import { PssrError } from "@pssr/api";
import {
  createPixelArray,
  type Dtype,
  dtypeOf,
  type PixelArray,
  type PixelData,
  planeCount,
  planeShape,
} from "../pixels/pixel-array.js";
import { type Coefficients, computeCoefficients, type ResamplingKernel } from "./coefficients.js";
import { FixedPointPasses } from "./fixed-point-passes.js";
import { FloatPasses, type Passes } from "./float-passes.js";

export interface ResamplerOptions {
  /** Height and width of the planes that come in, in pixels. */
  readonly input: readonly [height: number, width: number];
  /** Height and width of the planes that go out, in pixels. */
  readonly output: readonly [height: number, width: number];
  readonly kernel: ResamplingKernel;
  readonly dtype: Dtype;
}

/** Not to be shared between threads or overlapping calls: the scratch memory is one. */
export class Resampler {
  readonly #options: ResamplerOptions;
  readonly #passes: Passes;

  /** @throws PssrError INVALID_FIELD if a size is not a whole number of at least 1 */
  constructor(options: ResamplerOptions) {
    const sizes = [...options.input, ...options.output];
    if (sizes.length !== 4 || sizes.some((size) => !Number.isSafeInteger(size) || size < 1)) {
      throw new PssrError(
        "INVALID_FIELD",
        `cannot resample ${options.input.join("×")} to ${options.output.join("×")}: sizes are whole numbers of at least 1`,
      );
    }
    this.#options = options;
    const [height, width] = options.input;
    const [outputHeight, outputWidth] = options.output;
    // Pillow skips a pass that changes nothing.
    const along = (from: number, to: number): Coefficients | undefined =>
      from === to ? undefined : computeCoefficients(from, to, options.kernel);
    const plan = {
      height,
      width,
      outputHeight,
      outputWidth,
      x: along(width, outputWidth),
      y: along(height, outputHeight),
    };
    this.#passes = options.dtype === "uint8" ? new FixedPointPasses(plan) : new FloatPasses(plan, options.dtype);
  }

  /**
   * Resamples one plane into `output`, which is written whole. Both are of the resampler's dtype and sizes.
   * @throws PssrError SHAPE_MISMATCH if length or type of either array is another
   */
  apply(input: PixelData, output: PixelData): void {
    const { input: from, output: to, dtype } = this.#options;
    if (
      input.length !== from[0] * from[1] ||
      output.length !== to[0] * to[1] ||
      dtypeOf(input) !== dtype ||
      dtypeOf(output) !== dtype
    ) {
      throw new PssrError(
        "SHAPE_MISMATCH",
        `this resampler takes ${dtype} ${from.join("×")} to ${to.join("×")}; it was given ${dtypeOf(input)} of ${input.length} pixels and ${dtypeOf(output)} of ${output.length}`,
      );
    }
    this.#passes.run(input, output);
  }
}

/** Resamples every plane of `pixels` to `height` × `width`; all other axes stay. */
export function resize(
  pixels: PixelArray,
  size: readonly [height: number, width: number],
  kernel: ResamplingKernel,
): PixelArray {
  const input = planeShape(pixels);
  const resampler = new Resampler({ input, output: size, kernel, dtype: pixels.dtype });
  const result = createPixelArray(pixels.axes, [...pixels.shape.slice(0, -2), ...size], pixels.dtype);
  const [from, to] = [input[0] * input[1], size[0] * size[1]];
  for (let plane = 0; plane < planeCount(pixels); plane++) {
    resampler.apply(
      pixels.data.subarray(plane * from, (plane + 1) * from),
      result.data.subarray(plane * to, (plane + 1) * to),
    );
  }
  return result;
}
