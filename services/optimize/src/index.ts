export { type OptimizeConfig, optimizeSettings } from "./config.js";
export type { PeerAddresses } from "./peers.js";
export { optimizeProgram } from "./program.js";
export { type Evaluation, Optimiser, type OptimiserOptions } from "./search/optimiser.js";
export { type Point, type Range, SearchSpace, type Switch } from "./search/search-space.js";
export { startOptimize } from "./start.js";
