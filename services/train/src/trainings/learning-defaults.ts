/**
 * How a training learns where its caller says nothing: the one place of these numbers. They are written into the training
 * when it is created, so a change here changes no training that exists. A network's own size is its family's business.
 */
export const learningDefaults = {
  /** Pairs a step. */
  batchSize: 8,
  /** Highest learning rate. */
  learningRate: 2e-3,
  /** Of AdamW; none, as is usual in restoration. */
  weightDecay: 0,
  /** Share of MS-SSIM in the loss. */
  structureWeight: 0.1,
  /** Budget, in seconds. */
  seconds: 600,
} as const;

/** What no caller sets: how the learning rate rises, and what is left of it at the end (see `ScheduleSpec`). */
export const scheduleShape = { warmupSteps: 20, finalShare: 0.01 } as const;
