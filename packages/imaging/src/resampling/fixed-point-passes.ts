/**
 * The two passes of 8-bit resampling in Pillow's fixed-point arithmetic (Resample.c, `normalize_coeffs_8bpc`): 22 bits of
 * fraction, rows first, rounded to 8 bits between the passes. The sums themselves are kernels/resampling.ts.
 */
import { copyToKernels, kernelPlaces, kernels } from "../kernels.js";
import type { PixelData } from "../pixels/pixel-array.js";
import type { Coefficients } from "./coefficients.js";
import type { Passes, Plan } from "./float-passes.js";

const fractionBits = 22;
const lowerBits = 11;
/** Pixels that the kernels make together, and taps that they add together. */
const pixelsTogether = 8;
const tapsTogether = 8;
/** Pixels of a row whose sums stand side by side. */
const rowGroup = 4;

export class FixedPointPasses implements Passes {
  readonly #plan: Plan;
  readonly #x: RowWeights | undefined;
  readonly #y: ColumnWeights | undefined;
  /** Bytes from row to row of what is between and after the passes. */
  readonly #stride: number;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#stride = roundUp(plan.outputWidth, pixelsTogether);
    this.#x = plan.x && rowWeights(plan.x, this.#stride);
    this.#y = plan.y && columnWeights(plan.y);
  }

  run(input: PixelData, output: PixelData): void {
    const { height, width, outputHeight } = this.#plan;
    const stride = this.#stride;
    const [x, y] = [this.#x, this.#y];
    const places = kernelPlaces([
      input.byteLength + (x?.taps ?? 0),
      x?.starts.byteLength ?? 0,
      x?.upper.byteLength ?? 0,
      x?.lower.byteLength ?? 0,
      height * stride,
      y?.starts.byteLength ?? 0,
      y?.counts.byteLength ?? 0,
      y?.weights.byteLength ?? 0,
      outputHeight * stride,
    ]);
    const [inputAt, xStarts, upper, lower, rowsAt, yStarts, yCounts, yWeights, outputAt] = places;
    if (x === undefined) {
      for (let row = 0; row < height; row++) {
        copyToKernels((input as Uint8Array).subarray(row * width, (row + 1) * width), rowsAt + row * stride);
      }
    } else {
      copyToKernels(input as Uint8Array, inputAt);
      copyToKernels(x.starts, xStarts);
      copyToKernels(x.upper, upper);
      copyToKernels(x.lower, lower);
      const { taps, round, byFour } = x;
      const weights = [xStarts, upper, lower, taps, round.from, round.to, byFour] as const;
      kernels.resampleRows(rowsAt, inputAt, height, width, stride, ...weights);
    }
    if (y !== undefined) {
      copyToKernels(y.starts, yStarts);
      copyToKernels(y.counts, yCounts);
      copyToKernels(y.weights, yWeights);
      const { taps, round, roundBits } = y;
      const weights = [yStarts, yCounts, yWeights, taps, round.from, round.to, roundBits] as const;
      kernels.resampleColumns(outputAt, rowsAt, stride, outputHeight, ...weights);
    }
    this.#takeOut(output as Uint8Array, y === undefined ? rowsAt : outputAt);
  }

  #takeOut(output: Uint8Array, at: number): void {
    const { outputHeight, outputWidth } = this.#plan;
    if (outputWidth === this.#stride) {
      output.set(new Uint8Array(kernels.memory.buffer, at, output.length));
      return;
    }
    for (let row = 0; row < outputHeight; row++) {
      output.set(new Uint8Array(kernels.memory.buffer, at + row * this.#stride, outputWidth), row * outputWidth);
    }
  }
}

/** As `resampleRows` takes them: so many pixels, each with so many taps in two parts. */
interface RowWeights {
  taps: number;
  starts: Int32Array;
  upper: Int16Array;
  lower: Int16Array;
  /** Pixels, in groups that are made together, whose weights have no lower part. */
  round: Range;
  /** Whether these all have the same, each four pixels further on, as in bilinear sampling by four. */
  byFour: boolean;
}

interface Range {
  from: number;
  to: number;
}

function rowWeights(coefficients: Coefficients, pixels: number): RowWeights {
  const { starts, counts } = coefficients;
  const quantised = quantise(coefficients);
  const taps = roundUp(
    counts.reduce((most, count) => Math.max(most, count), 0),
    tapsTogether,
  );
  const row: RowWeights = {
    taps,
    starts: new Int32Array(pixels),
    upper: new Int16Array(pixels * taps),
    lower: new Int16Array(pixels * taps),
    round: { from: 0, to: 0 },
    byFour: false,
  };
  row.starts.set(starts);
  for (let i = 0; i < starts.length; i++) {
    for (let k = 0; k < counts[i]!; k++) {
      const weight = quantised[i * coefficients.taps + k]!;
      row.upper[i * taps + k] = weight >> lowerBits;
      row.lower[i * taps + k] = weight & ((1 << lowerBits) - 1);
    }
  }
  const isRound = (group: number) =>
    row.lower.subarray(group * rowGroup * taps, (group + 1) * rowGroup * taps).every((weight) => weight === 0);
  const groups = middle(pixels / rowGroup, isRound);
  row.round = { from: rowGroup * groups.from, to: rowGroup * groups.to };
  const { from, to } = row.round;
  const isNext = (i: number) =>
    row.starts[i] === row.starts[i - 1]! + 4 &&
    row.upper.subarray(i * taps, (i + 1) * taps).every((weight, k) => weight === row.upper[from * taps + k]);
  row.byFour =
    taps === tapsTogether && Array.from({ length: Math.max(0, to - from - 1) }, (_, n) => from + 1 + n).every(isNext);
  return row;
}

/** The places in the middle of so many that are all of a kind; those before and after may be of another. */
function middle(count: number, isOfKind: (place: number) => boolean): Range {
  const kinds = Array.from({ length: count }, (_, place) => isOfKind(place));
  const from = kinds.indexOf(true);
  if (from < 0) return { from: 0, to: 0 };
  const end = kinds.indexOf(false, from);
  return { from, to: end < 0 ? count : end };
}

interface ColumnWeights {
  taps: number;
  starts: Int32Array;
  counts: Int32Array;
  weights: Int32Array;
  /** Rows whose weights are multiples of 2^roundBits, and small enough without these for sums of 16 bits. */
  round: Range;
  roundBits: number;
}

function columnWeights(coefficients: Coefficients): ColumnWeights {
  const { taps, starts, counts } = coefficients;
  const weights = quantise(coefficients);
  const own = (row: number) => weights.subarray(row * taps, row * taps + counts[row]!);
  // What the weights of a row in the middle have in common: those of whole scales are sums of few binary digits.
  const common = own(starts.length >> 1).reduce((bits, weight) => bits | weight, 0);
  const roundBits = Math.min(fractionBits - 1, common === 0 ? 0 : 31 - Math.clz32(common & -common));
  const isRound = (row: number) => {
    const sum = own(row).reduce((total, weight) => total + Math.abs(weight), 0);
    const fits = (255 * sum) / 2 ** roundBits + 2 ** (fractionBits - roundBits - 1) < 2 ** 16;
    return fits && own(row).every((weight) => weight >= 0 && weight % 2 ** roundBits === 0);
  };
  return { taps, starts, counts, weights, round: middle(starts.length, isRound), roundBits };
}

function quantise({ weights }: Coefficients): Int32Array {
  return Int32Array.from(weights, (weight) => Math.trunc(weight * (1 << fractionBits) + (weight < 0 ? -0.5 : 0.5)));
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
