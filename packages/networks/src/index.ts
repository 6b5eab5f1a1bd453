export { compact } from "./families/compact.js";
export { type ConvOptions, conv, residualBlock } from "./layers.js";
export type { FamilyOption, Network, NetworkConfig, NetworkFamily } from "./network.js";
export type { Conv2d, Ops } from "./ops.js";
export { type Initialiser, type Parameter, parameterSize, type Weights } from "./parameter.js";
export { createNetwork, defaultFamily, families, type NetworkRequest, resolveNetworkConfig } from "./registry.js";
