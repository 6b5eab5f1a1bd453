export { InferencePool, type InferencePoolOptions, type ModelSource, type PixelTensor } from "./inference-pool.js";
