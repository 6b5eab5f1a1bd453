/** Settings of the service predict. */
import { availableParallelism } from "node:os";
import { inferenceProviders } from "@pssr/inference";
import { type Config, grpcSettings, kinds, setting } from "@pssr/platform";

const { address, bytes, duration, integer, oneOf } = kinds;
const MiB = 2 ** 20;
const GiB = 2 ** 30;

export const predictSettings = {
  ...grpcSettings,
  predictBind: setting(address(), { default: "127.0.0.1:0", description: "Address that predict listens on" }),
  predictionConcurrency: setting(integer({ min: 0, max: 64 }), {
    default: "2",
    description: "Predictions that this process coordinates at once; 0 leaves it to others",
  }),
  regionWorkers: setting(integer({ min: 0, max: 256 }), {
    default: "2",
    description:
      "Regions of predictions that this process restores at once; beside its tiles, each holds its pixels and those it reads",
  }),
  regionWindow: setting(integer({ min: 1, max: 4096 }), {
    default: "32",
    description: "Regions of one prediction that wait in the queue or are at work at the same time",
  }),
  regionPatience: setting(duration({ minMs: 1000 }), {
    default: "60s",
    description: "Time without a sign of life after which a region is queued again",
  }),
  tilesInFlight: setting(integer({ min: 1, max: 16 }), {
    default: "2",
    description: "Tiles of one region that are under way at the same time",
  }),
  tileMemory: setting(bytes({ min: MiB, max: 256 * GiB }), {
    default: "256MiB",
    description: "Memory for one tile in the network, about; tiles that would take more are made smaller",
  }),
  inferenceWorkers: setting(integer({ min: 1, max: 256 }), {
    default: String(Math.min(2, availableParallelism())),
    description: "Threads that run networks, one tile each",
  }),
  inferenceCores: setting(integer({ min: 1, max: 256 }), {
    default: String(Math.max(1, Math.floor(availableParallelism() / Math.min(2, availableParallelism())))),
    description: "Cores that one tile is computed on",
  }),
  inferenceProvider: setting(oneOf(...inferenceProviders), {
    default: "cpu",
    description: "What networks run on: the processor, or with cuda an NVIDIA GPU, in the image that is built for it",
  }),
  modelCache: setting(bytes({ min: MiB, max: 256 * GiB }), {
    default: "512MiB",
    description: "Model files held in memory; a larger model is refused",
  }),
  evaluationConcurrency: setting(integer({ min: 0, max: 64 }), {
    default: "1",
    description: "Evaluations that this process works on at once, each in a thread of its own; 0 leaves it to others",
  }),
  evaluationPixels: setting(integer({ min: 1, max: 2 ** 32 }), {
    default: String(2 ** 26),
    description: "Most pixels of an image that is evaluated; about 40 bytes of memory are needed for each",
  }),
} as const;

export type PredictConfig = Config<typeof predictSettings>;
