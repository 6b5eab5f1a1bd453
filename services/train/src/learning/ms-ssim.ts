/**
 * Multi-scale structural similarity (Wang, Simoncelli and Bovik 2003, "Multiscale structural similarity for image quality
 * assessment", eq. 7), differentiable, for tiles of any size and any number of channels.
 */
import type { Scalar, Tensor, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "./tensorflow.js";

/** The paper's weights of the scales, finest first; they sum to 1. */
const scaleWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
/** A Gaussian window of eleven pixels, σ 1.5, and the constants (K·L)² of the paper for a data range L of 1. */
const windowSide = 11;
const sigma = 1.5;
const luminanceConstant = 0.01 ** 2;
const contrastConstant = 0.03 ** 2;
/**
 * Means of contrast below this count as this. They can be negative (an inverted image), where a fractional power has no
 * value, and close to zero its slope, weight · c^(weight − 1), grows without bound.
 */
const leastContrast = 1e-3;

export interface MsSsimOptions {
  /** At most this many scales; fewer where tiles are small. Default 5, as in the paper. */
  scales?: number;
}

/** Scales that fit: at each, the window must lie in the image. 0 for a tile below eleven pixels. */
export function msSsimScales(height: number, width: number, most = scaleWeights.length): number {
  let fitting = 0;
  for (let side = Math.min(height, width); side >= windowSide && fitting < most; side = Math.floor(side / 2)) {
    fitting++;
  }
  return fitting;
}

/**
 * Builds the measure for tiles of one size. The result maps two batches [batch, height, width, channels] with values of
 * range 1 to the mean over batch and channels, at most 1. Where not all scales fit, the weights of those that do are
 * divided by their sum. A tile below eleven pixels is compared by one window of its own size. The tensors it owns are
 * those of its windows: `dispose` them.
 */
export class MsSsim {
  private readonly weights: readonly number[];
  private readonly windows: readonly Windows[];

  constructor(
    private readonly tf: TensorFlow,
    height: number,
    width: number,
    { scales = scaleWeights.length }: MsSsimOptions = {},
  ) {
    const count = Math.max(1, msSsimScales(height, width, Math.min(scales, scaleWeights.length)));
    const used = scaleWeights.slice(0, count);
    const total = used.reduce((sum, weight) => sum + weight, 0);
    this.weights = used.map((weight) => weight / total);
    this.windows = this.weights.map((_, scale) => windows(tf, height >> scale, width >> scale));
  }

  /** Scales in use. */
  get scales(): number {
    return this.weights.length;
  }

  measure(a: Tensor4D, b: Tensor4D): Scalar {
    const { tf } = this;
    return tf.tidy(() => {
      let [x, y] = [planes(tf, a), planes(tf, b)];
      let product: Tensor | undefined;
      this.weights.forEach((weight, scale) => {
        const last = scale === this.weights.length - 1;
        const term = similarity(tf, x, y, this.windows[scale]!, last);
        const power = tf.pow(tf.maximum(term, leastContrast), weight);
        product = product === undefined ? power : tf.mul(product, power);
        if (!last) [x, y] = [halve(tf, x), halve(tf, y)];
      });
      return tf.mean(product!) as Scalar;
    });
  }

  dispose(): void {
    this.tf.dispose(this.windows.map(({ rows, columns }) => [rows, columns]));
  }
}

/** Banded matrices that average along one axis each: [side − 10, side] times a column of pixels. */
interface Windows {
  rows: Tensor2D;
  /** Transposed, to stand on the right. */
  columns: Tensor2D;
}

/**
 * A separable window as two matrix products: TensorFlow's matrix product is several times faster than its convolution of
 * one channel, forward and backward.
 */
function windows(tf: TensorFlow, height: number, width: number): Windows {
  const rows = tf.tensor2d(band(height), [height - reach(height), height]);
  const columns = tf.tidy(() => tf.transpose(tf.tensor2d(band(width), [width - reach(width), width])));
  return { rows, columns };
}

/** Pixels by which the averaged image is smaller. */
function reach(side: number): number {
  return Math.min(windowSide, side) - 1;
}

function band(side: number): Float32Array {
  const taps = Math.min(windowSide, side);
  const gaussian = Array.from({ length: taps }, (_, i) => Math.exp(-((i - (taps - 1) / 2) ** 2) / (2 * sigma ** 2)));
  const sum = gaussian.reduce((total, value) => total + value, 0);
  const matrix = new Float32Array((side - taps + 1) * side);
  for (let row = 0; row <= side - taps; row++) {
    for (let tap = 0; tap < taps; tap++) matrix[row * side + row + tap] = gaussian[tap]! / sum;
  }
  return matrix;
}

/** [batch, height, width, channels] as [batch · channels, height, width]. */
function planes(tf: TensorFlow, x: Tensor4D): Tensor3D {
  const [batch, height, width, channels] = x.shape;
  const first = channels === 1 ? x : tf.transpose(x, [0, 3, 1, 2]);
  return tf.reshape(first, [batch * channels, height, width]);
}

/** Mean of each plane's SSIM, with (`whole`) or without its luminance factor: [planes]. */
function similarity(tf: TensorFlow, x: Tensor3D, y: Tensor3D, windows: Windows, whole: boolean): Tensor {
  // Apart, because one of the two images is fixed in a training: what concerns it alone then needs no gradient.
  const [meanX, meanXX, meanXY] = averages(tf, [x, tf.square(x), tf.mul(x, y)], windows) as [Tensor, Tensor, Tensor];
  const [meanY, meanYY] = averages(tf, [y, tf.square(y)], windows) as [Tensor, Tensor];
  const productXY = tf.mul(meanX, meanY);
  const squares = tf.add(tf.square(meanX), tf.square(meanY));
  const covariance = tf.sub(meanXY, productXY);
  const variances = tf.sub(tf.add(meanXX, meanYY), squares);
  const contrast = tf.div(tf.add(tf.mul(covariance, 2), contrastConstant), tf.add(variances, contrastConstant));
  if (!whole) return tf.mean(contrast, [1, 2]);
  const luminance = tf.div(tf.add(tf.mul(productXY, 2), luminanceConstant), tf.add(squares, luminanceConstant));
  return tf.mean(tf.mul(contrast, luminance), [1, 2]);
}

/** rows · map · columns for every plane of every map: along each axis one large matrix product. */
function averages(tf: TensorFlow, maps: Tensor3D[], { rows, columns }: Windows): Tensor[] {
  const stacked = tf.concat(maps, 0) as Tensor3D;
  const [count, height, width] = stacked.shape;
  const outWidth = columns.shape[1];
  const across = tf.matMul(tf.reshape(stacked, [count * height, width]) as Tensor2D, columns);
  const repeated = tf.tile(tf.expandDims(rows, 0), [count, 1, 1]) as Tensor3D;
  const averaged = tf.matMul(repeated, tf.reshape(across, [count, height, outWidth]) as Tensor3D);
  return tf.split(averaged, maps.length, 0);
}

/** Means of 2×2 pixels; an odd last row or column is dropped. */
function halve(tf: TensorFlow, x: Tensor3D): Tensor3D {
  const [count, height, width] = x.shape;
  const pooled = tf.avgPool(tf.reshape(x, [count, height, width, 1]) as Tensor4D, 2, 2, "valid");
  return tf.reshape(pooled, [count, height >> 1, width >> 1]);
}
