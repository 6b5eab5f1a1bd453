/** What a training thread and its host say to each other. Plain data throughout: it is copied between threads. */
import type { Reason } from "@pssr/api";
import type { Weights } from "@pssr/networks";
import type { LearningSpec, StepReport } from "./trainer.js";
import type { TrainingBatch } from "./training-batch.js";
import type { ValidationReport } from "./validation.js";

/** After every step. */
export interface ProgressEvent extends StepReport {
  readonly kind: "progress";
  /** Share of the budget that is used, 0 … 1. */
  readonly progress: number;
  /** Low-resolution tiles learnt from per second, over the last few seconds. */
  readonly samplesPerSecond: number;
  /** Time for which this attempt's loop has waited for data, in all. */
  readonly waitSeconds: number;
  /** Time since the first step, over all attempts. */
  readonly elapsedSeconds: number;
  /** Tensors that TensorFlow holds: the same after every step, or there is a leak. */
  readonly tensors: number;
}

/** From time to time, when asked for, and before `finished`: enough to go on from here. */
export interface CheckpointEvent {
  readonly kind: "checkpoint";
  readonly step: number;
  readonly elapsedSeconds: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** From time to time, and before `finished`. */
export interface ValidationEvent extends ValidationReport {
  readonly kind: "validation";
  readonly step: number;
  readonly elapsedSeconds: number;
}

/** The last: the budget is used. */
export interface FinishedEvent {
  readonly kind: "finished";
  readonly step: number;
  readonly elapsedSeconds: number;
  readonly weights: Weights;
}

export type TrainingEvent = ProgressEvent | CheckpointEvent | ValidationEvent | FinishedEvent;

/** What a training thread is started with. */
export interface ThreadSpec {
  readonly learning: LearningSpec;
  readonly checkpoint?: Uint8Array;
  /** Fixed tiles to measure on; none, no validation. */
  readonly validation: readonly TrainingBatch[];
  readonly checkpointEverySeconds: number;
  readonly validateEverySeconds: number;
  readonly threads?: number;
}

/** From the host. `end` follows the last batch of a source that has one. */
export type HostMessage =
  | { kind: "batch"; batch: TrainingBatch }
  | { kind: "end" }
  | { kind: "checkpoint" }
  | { kind: "cancel" };

/** To the host. `ready` says from which step batches are wanted; `taken`, that one has left the queue. */
export type ThreadMessage =
  | { kind: "ready"; step: number }
  | { kind: "taken" }
  | { kind: "event"; event: TrainingEvent }
  | { kind: "cancelled" }
  | { kind: "failed"; reason: Reason; message: string; field?: string };
