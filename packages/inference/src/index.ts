export { InferencePool, type InferencePoolOptions, type ModelSource, type PixelTensor } from "./inference-pool.js";
export { type InferenceProvider, inferenceProviders } from "./worker-protocol.js";
