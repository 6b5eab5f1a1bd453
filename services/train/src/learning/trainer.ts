/**
 * A training, one step at a time, on the thread that calls it. Between two steps it can be checkpointed, validated or
 * left; what it computes depends on its spec and its batches alone.
 */
import { PssrError } from "@pssr/api";
import {
  createNetwork,
  initialWeights,
  type Network,
  type NetworkConfig,
  networkParameters,
  type Parameter,
  type Weights,
} from "@pssr/networks";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { AdamW, type AdamWSpec } from "./adamw.js";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { Loss, type LossSpec } from "./losses.js";
import { checkSchedule, learningRateAt, progress, type ScheduleSpec, type TrainingPosition } from "./schedule.js";
import type { TensorFlow } from "./tensorflow.js";
import { TensorFlowOps } from "./tensorflow-ops.js";
import { checkBatch, normalise, type TrainingBatch } from "./training-batch.js";

/** Everything that decides a training but its batches. Plain data: it crosses threads and is stored with the model. */
export interface LearningSpec {
  readonly network: NetworkConfig;
  /** Of the first weights; 0 … 2^53 − 1. */
  readonly seed: number;
  readonly loss: LossSpec;
  readonly optimizer: AdamWSpec;
  readonly schedule: ScheduleSpec;
}

/** Of one step, before its update. */
export interface StepReport {
  /** Steps done, this one included. */
  readonly step: number;
  readonly loss: number;
  /** What the loss is made of: mean absolute difference (white − black is 1), and MS-SSIM where it has a share. */
  readonly lossTerms: { readonly l1: number; readonly msSsim?: number };
  readonly learningRate: number;
  /** Norm of all gradients together before clipping. */
  readonly gradientNorm: number;
}

/** What the network makes of a batch, with black at 0 and white at 1. Arrays are [samples, height, width, 1]. */
export interface Restoration {
  readonly samples: number;
  readonly height: number;
  readonly width: number;
  readonly restored: Float32Array;
  /** The enlargement that the network must beat: bilinear, of the centre frame. */
  readonly bilinear: Float32Array;
  readonly original: Float32Array;
}

export class Trainer {
  private readonly network: Network;
  private readonly parameters: readonly Parameter[];
  private readonly optimizer: AdamW;
  private loss: { height: number; width: number; measure: Loss } | undefined;
  private step: number;
  /** Time of earlier attempts, and when this one made its first step. */
  private readonly earlierSeconds: number;
  private startedAt: number | undefined;

  /** Starts anew, or where `checkpoint` stands. Throws `INVALID_FIELD` or `INVALID_MODEL`. */
  constructor(
    private readonly tf: TensorFlow,
    private readonly spec: LearningSpec,
    checkpoint?: Uint8Array,
  ) {
    checkSchedule(spec.schedule);
    this.network = createNetwork(spec.network);
    this.parameters = networkParameters(this.network);
    const { position, optimizer } =
      checkpoint === undefined
        ? { position: { step: 0, elapsedSeconds: 0 }, optimizer: AdamW.start(this.firstWeights()) }
        : readCheckpoint(this.network, checkpoint);
    const layout = this.parameters.map(({ name, shape }) => ({ name, shape, decays: shape.length > 1 }));
    this.optimizer = new AdamW(tf, layout, optimizer, spec.optimizer);
    this.step = position.step;
    this.earlierSeconds = position.elapsedSeconds;
  }

  get position(): TrainingPosition {
    const running = this.startedAt === undefined ? 0 : (performance.now() - this.startedAt) / 1000;
    return { step: this.step, elapsedSeconds: this.earlierSeconds + running };
  }

  /** Share of the budget that is used, 0 … 1; at 1 the training has ended. */
  get progress(): number {
    return progress(this.spec.schedule, this.position);
  }

  /**
   * Learns from one batch. Throws `TRAINING_DIVERGED` when loss or gradient are not finite, before they touch the weights;
   * `SHAPE_MISMATCH` for a batch that is not what it says.
   */
  learn(batch: TrainingBatch): StepReport {
    const { tf, network } = this;
    this.startedAt ??= performance.now();
    const learningRate = learningRateAt(this.spec.schedule, this.position);
    const { lr, hr } = this.tensors(batch);
    const measure = this.lossFor(hr);
    const terms: { l1: number; msSsim?: number } = { l1: Number.NaN };
    const names = this.parameters.map(({ name }) => name);
    const { value, grads } = tf.valueAndGrads((...weights: Tensor[]) => {
      const ops = new TensorFlowOps(tf, new Map(weights.map((weight, i) => [names[i]!, weight])));
      const measured = measure.measure(network.build(ops, lr), hr);
      terms.l1 = measured.l1.dataSync()[0]!;
      if (measured.msSsim !== undefined) terms.msSsim = measured.msSsim.dataSync()[0]!;
      return measured.loss;
    })(names.map((name) => this.optimizer.tensors.get(name)!));
    try {
      const loss = value.dataSync()[0]!;
      const gradientNorm = Number.isFinite(loss) ? this.optimizer.update(grads, learningRate) : Number.NaN;
      if (!Number.isFinite(gradientNorm)) throw this.diverged(loss, learningRate);
      this.step++;
      return { step: this.step, loss, lossTerms: terms, learningRate, gradientNorm };
    } finally {
      tf.dispose([lr, hr, value, grads]);
    }
  }

  /** Applies the network as it stands. */
  restore(batch: TrainingBatch): Restoration {
    const { tf } = this;
    const { scale, frames } = this.network.config;
    const { lr, hr } = this.tensors(batch);
    const ops = new TensorFlowOps(tf, this.optimizer.tensors);
    const [restored, bilinear] = tf.tidy(() => {
      const centre = ops.takeChannels(lr, (frames - 1) / 2, 1);
      return [this.network.build(ops, lr), scale === 1 ? tf.clone(centre) : ops.upsampleBilinear(centre, scale)];
    }) as [Tensor4D, Tensor4D];
    const result = {
      samples: batch.samples,
      height: batch.height * scale,
      width: batch.width * scale,
      restored: restored.dataSync<"float32">(),
      bilinear: bilinear.dataSync<"float32">(),
      original: hr.dataSync<"float32">(),
    };
    tf.dispose([lr, hr, restored, bilinear]);
    return result;
  }

  /** Copies of all parameters by name. */
  weights(): Weights {
    return new Map([...this.optimizer.tensors].map(([name, tensor]) => [name, tensor.dataSync<"float32">()]));
  }

  checkpoint(): Uint8Array<ArrayBuffer> {
    return writeCheckpoint(this.network, { position: this.position, optimizer: this.optimizer.state() });
  }

  dispose(): void {
    this.optimizer.dispose();
    this.loss?.measure.dispose();
    this.loss = undefined;
  }

  private firstWeights(): Float32Array {
    const weights = initialWeights(this.network, this.spec.seed);
    const parts = this.parameters.map(({ name }) => weights.get(name)!);
    const flat = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      flat.set(part, offset);
      offset += part.length;
    }
    return flat;
  }

  private tensors(batch: TrainingBatch): { lr: Tensor4D; hr: Tensor4D } {
    const { scale, frames } = this.network.config;
    checkBatch(batch, scale, frames);
    const { samples, height, width } = batch;
    return {
      lr: this.tf.tensor4d(normalise(batch.lr, batch), [samples, height, width, frames]),
      hr: this.tf.tensor4d(normalise(batch.hr, batch), [samples, height * scale, width * scale, 1]),
    };
  }

  /** Windows depend on the size of the tiles, which stays the same in a training. */
  private lossFor({ shape: [, height, width] }: Tensor4D): Loss {
    if (this.loss?.height !== height || this.loss.width !== width) {
      this.loss?.measure.dispose();
      this.loss = { height, width, measure: new Loss(this.tf, this.spec.loss, height, width) };
    }
    return this.loss.measure;
  }

  private diverged(loss: number, learningRate: number): PssrError {
    return new PssrError(
      "TRAINING_DIVERGED",
      `at step ${this.step + 1} the loss is ${loss} and its gradient not finite (learning rate ${learningRate.toPrecision(3)}); use a smaller learning rate, and check the images for values far outside their levels`,
    );
  }
}
