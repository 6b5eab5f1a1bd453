export { compact } from "./families/compact.js";
export { writeOnnx } from "./interpreters/onnx.js";
export { type ReceptiveField, receptiveField } from "./interpreters/receptive-field.js";
export { type MapShape, type NetworkShape, networkShape } from "./interpreters/shapes.js";
export { conv } from "./layers.js";
export {
  type DatasetDigest,
  type FileDigest,
  type IntensityPolicy,
  type JsonObject,
  type ModelManifest,
  type Provenance,
  parseModelManifest,
} from "./model-manifest.js";
export {
  type ModelFileName,
  type ModelVersionContent,
  modelFiles,
  packModelVersion,
} from "./model-version.js";
export type { FamilyOption, Network, NetworkConfig, NetworkFamily } from "./network.js";
export type { Conv2d, Ops } from "./ops.js";
export { type Initialiser, type Parameter, parameterSize, type Weights } from "./parameter.js";
export { createNetwork, families, type NetworkRequest, resolveNetworkConfig } from "./registry.js";
export { initialWeights, networkParameters } from "./weights/initial-weights.js";
export { readSafetensors, type SafetensorsFile, type Tensor, writeSafetensors } from "./weights/safetensors.js";
export { readWeights, writeWeights } from "./weights/weights-file.js";
