/**
 * Networks in TensorFlow, for training: `T` is a tensor [batch, height, width, channels]. Every operation has a gradient
 * but the bilinear enlargement, which `Ops` keeps out of trained paths.
 */
import { PssrError } from "@pssr/api";
import type { Conv2d, Ops, Parameter } from "@pssr/networks";
import type { GradSaveFunc, Tensor, Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "./tensorflow.js";

export class TensorFlowOps implements Ops<Tensor4D> {
  private readonly differentiableRelu: (x: Tensor) => Tensor;

  /** `tensors` holds each parameter by name, in its shape; the ops borrow them. */
  constructor(
    private readonly tf: TensorFlow,
    private readonly tensors: ReadonlyMap<string, Tensor>,
  ) {
    // TensorFlow.js takes the gradient by five operations that look for NaN; the sign of the output, 0 or 1, is enough.
    this.differentiableRelu = tf.customGrad((x, save) => {
      const y = tf.relu(x as Tensor4D);
      (save as GradSaveFunc)([y]);
      return { value: y, gradFunc: (dy: Tensor, [saved]: Tensor[]) => tf.mul(dy, tf.sign(saved!)) };
    });
  }

  channels(x: Tensor4D): number {
    return x.shape[3];
  }

  conv2d(x: Tensor4D, { weights, bias, stride = 1 }: Conv2d): Tensor4D {
    const padding = Math.floor((weights.shape[0]! - 1) / 2);
    // SAME pads one side only under a stride: pad by hand there, on both sides.
    const same = stride === 1 && weights.shape[0]! % 2 === 1;
    const padded =
      same || padding === 0
        ? x
        : this.tf.pad4d(x, [
            [0, 0],
            [padding, padding],
            [padding, padding],
            [0, 0],
          ]);
    const y = this.tf.conv2d(padded, this.parameter<Tensor4D>(weights), stride, same ? "same" : "valid");
    return bias === undefined ? y : this.tf.add(y, this.parameter<Tensor1D>(bias));
  }

  relu(x: Tensor4D): Tensor4D {
    return this.differentiableRelu(x) as Tensor4D;
  }

  add(a: Tensor4D, b: Tensor4D): Tensor4D {
    return this.tf.add(a, b);
  }

  takeChannels(x: Tensor4D, start: number, count: number): Tensor4D {
    return this.tf.slice4d(x, [0, 0, 0, start], [-1, -1, -1, count]);
  }

  /** By reshape and transpose, because TensorFlow.js has no gradient for depthToSpace. */
  pixelShuffle(x: Tensor4D, factor: number): Tensor4D {
    const [batch, height, width, channels] = x.shape;
    const kept = channels / factor ** 2;
    const split = this.tf.reshape(x, [batch, height, width, kept, factor, factor]);
    const interleaved = this.tf.transpose(split, [0, 1, 4, 2, 5, 3]);
    return this.tf.reshape(interleaved, [batch, height * factor, width * factor, kept]);
  }

  upsampleBilinear(x: Tensor4D, factor: number): Tensor4D {
    const [, height, width] = x.shape;
    return this.tf.image.resizeBilinear(x, [height * factor, width * factor], false, true);
  }

  private parameter<P extends Tensor>({ name }: Parameter): P {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw new PssrError("INVALID_MODEL", `the weights lack ${name}`);
    return tensor as P;
  }
}
