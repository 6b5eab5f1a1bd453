export { type Evaluation, Optimiser, type OptimiserOptions } from "./search/optimiser.js";
export { type Point, type Range, SearchSpace, type Switch } from "./search/search-space.js";
