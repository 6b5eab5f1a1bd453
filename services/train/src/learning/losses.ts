/**
 * What a training minimises: (1 − m) · L1 + m · (1 − MS-SSIM), after Zhao et al. 2017 ("Loss functions for image
 * restoration with neural networks"); PSSR2 uses m = 0.8.
 */
import type { Scalar, Tensor4D } from "@tensorflow/tfjs-core";
import { MsSsim } from "./ms-ssim.js";
import type { TensorFlow } from "./tensorflow.js";

export interface LossSpec {
  /** m, the share of MS-SSIM, 0 … 1. With 0 it is not computed. */
  readonly msSsimShare: number;
}

/** The loss and what it is made of, each a mean over the batch in units of the data range (black to white is 1). */
export interface LossTerms {
  loss: Scalar;
  l1: Scalar;
  /** Absent where its share is 0. */
  msSsim?: Scalar;
}

/** The loss for tiles of one size (of the high-resolution side). Owns tensors: `dispose` it. */
export class Loss {
  private readonly msSsim: MsSsim | undefined;

  constructor(
    private readonly tf: TensorFlow,
    private readonly spec: LossSpec,
    height: number,
    width: number,
  ) {
    this.msSsim = spec.msSsimShare > 0 ? new MsSsim(tf, height, width) : undefined;
  }

  /** Both are [batch, height, width, channels] with black at 0 and white at 1. */
  measure(predicted: Tensor4D, target: Tensor4D): LossTerms {
    const { tf, msSsim } = this;
    const share = this.spec.msSsimShare;
    const l1 = tf.mean(tf.abs(tf.sub(predicted, target))) as Scalar;
    if (msSsim === undefined) return { loss: l1, l1 };
    const similarity = msSsim.measure(predicted, target);
    const loss = tf.add(tf.mul(l1, 1 - share), tf.mul(tf.sub(1, similarity), share)) as Scalar;
    return { loss, l1, msSsim: similarity };
  }

  dispose(): void {
    this.msSsim?.dispose();
  }
}
