/** The learning core by itself, without service and process: for benches and tests. */

export type { LearningSpec } from "./trainer.js";
export { startTraining, type Training, type TrainingOptions } from "./trainer-thread.js";
export type { BatchSource, TrainingBatch } from "./training-batch.js";
export type { TrainingEvent } from "./training-events.js";
