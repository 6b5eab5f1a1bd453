/** Settings of the service train. */
import { type Config, grpcSettings, kinds, setting } from "@pssr/platform";

const { address, duration, integer } = kinds;

export const trainSettings = {
  ...grpcSettings,
  trainBind: setting(address(), {
    default: "127.0.0.1:0",
    description: "Address that train listens on",
  }),
  trainConcurrency: setting(integer({ min: 0, max: 64 }), {
    default: "1",
    description: "Trainings at work at once in this process; 0: it only takes them in",
  }),
  checkpointInterval: setting(duration({ minMs: 1_000 }), {
    default: "30s",
    description: "Time of learning between two checkpoints: the most that a crash costs",
  }),
  validationTiles: setting(integer({ min: 1, max: 10_000 }), {
    default: "64",
    description: "Most tiles held back that a finished training is measured on",
  }),
} as const;

export type TrainConfig = Config<typeof trainSettings>;
