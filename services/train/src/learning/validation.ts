/** Measures a training on tiles it does not learn from, against plain enlargement. */
import { PssrError } from "@pssr/api";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "./tensorflow.js";
import type { Restoration, Trainer } from "./trainer.js";
import type { TrainingBatch } from "./training-batch.js";

export interface Quality {
  /** Peak signal-to-noise ratio in dB, the mean over tiles; the peak is white − black. At most 100, for equal tiles. */
  readonly psnr: number;
  /** Structural similarity, the mean over tiles. */
  readonly ssim: number;
}

export interface ValidationReport {
  readonly tiles: number;
  readonly restored: Quality;
  /** The bilinear enlargement of the same tiles (at scale 1 the noisy tile itself). */
  readonly bilinear: Quality;
  /** The first tile, for a picture of before and after, with black at 0 and white at 1. */
  readonly example: Restoration;
}

/** scikit-image's window, and the constants (K·L)² for a data range L of 1. */
const windowSide = 7;
const constants = [0.01 ** 2, 0.03 ** 2] as const;

/** Throws `DATASET_EMPTY` without tiles; tiles are at least seven pixels wide and high on the high-resolution side. */
export function validate(tf: TensorFlow, trainer: Trainer, batches: readonly TrainingBatch[]): ValidationReport {
  let example: Restoration | undefined;
  const sums = { tiles: 0, restored: { psnr: 0, ssim: 0 }, bilinear: { psnr: 0, ssim: 0 } };
  for (const batch of batches) {
    const restoration = trainer.restore(batch);
    const { samples, height, width, original } = restoration;
    example ??= firstOf(restoration);
    sums.tiles += samples;
    for (const kind of ["restored", "bilinear"] as const) {
      const quality = measure(tf, restoration[kind], original, [samples, height, width, 1]);
      sums[kind].psnr += quality.psnr * samples;
      sums[kind].ssim += quality.ssim * samples;
    }
  }
  if (example === undefined) throw new PssrError("DATASET_EMPTY", "validation: there is no tile to measure on");
  const mean = ({ psnr, ssim }: Quality) => ({ psnr: psnr / sums.tiles, ssim: ssim / sums.tiles });
  return { tiles: sums.tiles, restored: mean(sums.restored), bilinear: mean(sums.bilinear), example };
}

/** PSNR and SSIM as in scikit-image (uniform window of seven pixels, sample covariance), with data range 1. */
export function measure(
  tf: TensorFlow,
  image: Float32Array,
  reference: Float32Array,
  shape: [number, number, number, number],
): Quality {
  return tf.tidy(() => {
    const [x, y] = [tf.tensor4d(image, shape), tf.tensor4d(reference, shape)];
    const error = tf.maximum(tf.mean(tf.squaredDifference(x, y), [1, 2, 3]), 1e-10);
    const psnr = tf.mean(tf.mul(tf.log(error), -10 / Math.LN10)).dataSync()[0]!;

    const average = (z: Tensor4D): Tensor4D => tf.avgPool(z, windowSide, 1, "valid");
    const unbiased = windowSide ** 2 / (windowSide ** 2 - 1);
    const [meanX, meanY] = [average(x), average(y)];
    const covariance = (a: Tensor4D, b: Tensor4D, meanA: Tensor4D, meanB: Tensor4D) =>
      tf.mul(tf.sub(average(tf.mul(a, b)), tf.mul(meanA, meanB)), unbiased);
    const [luminance, contrast] = constants;
    const numerator = tf.mul(
      tf.add(tf.mul(tf.mul(meanX, meanY), 2), luminance),
      tf.add(tf.mul(covariance(x, y, meanX, meanY), 2), contrast),
    );
    const denominator = tf.mul(
      tf.add(tf.add(tf.square(meanX), tf.square(meanY)), luminance),
      tf.add(tf.add(covariance(x, x, meanX, meanX), covariance(y, y, meanY, meanY)), contrast),
    );
    return { psnr, ssim: tf.mean(tf.div(numerator, denominator)).dataSync()[0]! };
  });
}

function firstOf({ height, width, restored, bilinear, original }: Restoration): Restoration {
  const size = height * width;
  return {
    samples: 1,
    height,
    width,
    restored: restored.slice(0, size),
    bilinear: bilinear.slice(0, size),
    original: original.slice(0, size),
  };
}
