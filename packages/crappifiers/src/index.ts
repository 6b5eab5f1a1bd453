export { checkFit } from "./check-fit.js";
export { crappify, crappifyCalling, refuseExternal } from "./crappify.js";
export { type CallExternal, type ExternalCall, externalSteps, hasExternalSteps } from "./external-step.js";
export { fromCrappifierMessage, toCrappifierMessage } from "./message.js";
export { type NoiseStatistics, noiseStatistics, type SignalBin } from "./noise-statistics.js";
export { parseCrappifier } from "./parse-crappifier.js";
export type { PixelTile, PixelType, PixelTypes } from "./pixel-tile.js";
export type { Rows } from "./plane.js";
export type { Preset } from "./presets/preset.js";
export { presetNamed, presets } from "./presets/registry.js";
export { type NoiseKey, pixelVersion } from "./random/noise-key.js";
export { type FindSaved, missingCrappifier, type ResolvedCrappifier, resolveCrappifier } from "./resolve-named.js";
export {
  type Crappifier,
  defaultCrappifier,
  type ExternalStepSpec,
  type Parameter,
  type Sampling,
  type SamplingKernel,
  type StepSpec,
  samplingKernels,
} from "./spec.js";
export type { Calibration, Levels, Stage, StepParameter } from "./step.js";
export { type StepKind, steps } from "./steps/registry.js";
export { TileCrappifier } from "./tile-crappifier.js";
