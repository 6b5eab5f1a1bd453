export { type CrappifyConfig, crappifySettings } from "./config.js";
export { DatasetCatalogue } from "./datasets/dataset-catalogue.js";
export type { PairStreamSpec } from "./pairs/pair-plan.js";
export { PairStreams } from "./pairs/pair-streams.js";
export { PixelReader } from "./pixels/pixel-reader.js";
export { crappifyProgram } from "./program.js";
export { startCrappify } from "./start.js";
