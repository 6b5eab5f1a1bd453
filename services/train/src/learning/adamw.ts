/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, "Decoupled weight decay regularization", algorithm 2) and
 * clipping of the gradient by its global norm (Pascanu et al. 2013). TensorFlow.js has neither.
 *
 * All parameters lie one after the other in one vector, and so do the moments: an update is a dozen operations however many
 * layers there are, and a state is three arrays.
 */
import type { Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "./tensorflow.js";

export interface AdamWSpec {
  /** Decay of the mean of gradients. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients. Default 0.99: a short training has no time for 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Share of a weight that a step of learning rate 1 takes away. Biases do not decay. Default 0, as usual in restoration. */
  readonly weightDecay?: number;
  /** Largest Euclidean norm of all gradients together; longer ones are scaled to it. Default 1. */
  readonly clipNorm?: number;
}

/** A parameter's place in the vectors follows from the order. `decays` is false for biases. */
export interface AdamWParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly decays: boolean;
}

/** All of an optimiser: with it, training goes on exactly where it stood. */
export interface AdamWState {
  /** Updates made. */
  step: number;
  weights: Float32Array;
  /** First and second moment, not yet corrected for their start at zero. */
  mean: Float32Array;
  square: Float32Array;
}

export class AdamW {
  private readonly spec: Required<AdamWSpec>;
  private readonly sizes: number[];
  /** The decay of each weight; absent where none decays. */
  private readonly decay: Tensor1D | undefined;
  private weights: Tensor1D;
  private mean: Tensor1D;
  private square: Tensor1D;
  private step: number;
  private views: ReadonlyMap<string, Tensor>;

  constructor(
    private readonly tf: TensorFlow,
    private readonly parameters: readonly AdamWParameter[],
    state: AdamWState,
    spec: AdamWSpec = {},
  ) {
    const { beta1 = 0.9, beta2 = 0.99, epsilon = 1e-8, weightDecay = 0, clipNorm = 1 } = spec;
    this.spec = { beta1, beta2, epsilon, weightDecay, clipNorm };
    this.sizes = parameters.map(({ shape }) => shape.reduce((product, side) => product * side, 1));
    this.decay = this.spec.weightDecay === 0 ? undefined : tf.tensor1d(this.decays());
    // tensor1d may keep the caller's array; a state is the caller's.
    this.weights = tf.tensor1d(state.weights.slice());
    this.mean = tf.tensor1d(state.mean.slice());
    this.square = tf.tensor1d(state.square.slice());
    this.step = state.step;
    this.views = this.split();
  }

  /** The state before the first step. */
  static start(weights: Float32Array): AdamWState {
    return { step: 0, weights, mean: new Float32Array(weights.length), square: new Float32Array(weights.length) };
  }

  /** The parameters by name, valid until the next `update`; owned by the optimiser. */
  get tensors(): ReadonlyMap<string, Tensor> {
    return this.views;
  }

  /**
   * One step along `gradients` (in the parameters' order, borrowed). Returns the gradients' norm before clipping; where
   * it is not finite nothing is changed.
   */
  update(gradients: readonly Tensor[], learningRate: number): number {
    const { tf } = this;
    const flat = tf.tidy(() => tf.concat1d(gradients.map((gradient) => tf.reshape(gradient, [-1]) as Tensor1D)));
    const norm = tf.tidy(() => tf.sqrt(tf.sum(tf.square(flat))).dataSync()[0]!);
    if (Number.isFinite(norm)) this.move(flat, Math.min(1, this.spec.clipNorm / norm), learningRate);
    flat.dispose();
    return norm;
  }

  /** A copy of the whole state. */
  state(): AdamWState {
    return {
      step: this.step,
      weights: this.weights.dataSync<"float32">(),
      mean: this.mean.dataSync<"float32">(),
      square: this.square.dataSync<"float32">(),
    };
  }

  dispose(): void {
    if (this.decay !== undefined) this.decay.dispose();
    this.tf.dispose([this.weights, this.mean, this.square, ...this.views.values()]);
  }

  private move(gradient: Tensor1D, clip: number, learningRate: number): void {
    const { tf } = this;
    const { beta1, beta2, epsilon } = this.spec;
    this.step++;
    // Clipping and both corrections for the moments' start at zero go into scalars: every operation here runs over all
    // weights, and they are bound by memory.
    const correction = Math.sqrt(1 - beta2 ** this.step);
    const rate = (learningRate * correction) / (1 - beta1 ** this.step);
    const [weights, mean, square] = tf.tidy(() => {
      const mean = tf.add(tf.mul(this.mean, beta1), tf.mul(gradient, (1 - beta1) * clip));
      const square = tf.add(tf.mul(this.square, beta2), tf.mul(tf.square(gradient), (1 - beta2) * clip ** 2));
      const direction = tf.div(mean, tf.add(tf.sqrt(square), epsilon * correction));
      const kept =
        this.decay === undefined
          ? this.weights
          : tf.sub(this.weights, tf.mul(tf.mul(this.weights, this.decay), learningRate));
      return [tf.sub(kept, tf.mul(direction, rate)), mean, square] as [Tensor1D, Tensor1D, Tensor1D];
    });
    tf.dispose([this.weights, this.mean, this.square]);
    [this.weights, this.mean, this.square] = [weights, mean, square];
    tf.dispose([...this.views.values()]);
    this.views = this.split();
  }

  private decays(): Float32Array {
    return Float32Array.from(
      this.parameters.flatMap(({ decays }, i) =>
        new Array<number>(this.sizes[i]!).fill(decays ? this.spec.weightDecay : 0),
      ),
    );
  }

  private split(): ReadonlyMap<string, Tensor> {
    const { tf } = this;
    const views = tf.tidy(() => {
      const parts = tf.split(this.weights, this.sizes);
      return parts.map((part, i) => tf.reshape(part, [...this.parameters[i]!.shape]));
    });
    return new Map(views.map((view, i) => [this.parameters[i]!.name, view]));
  }
}
