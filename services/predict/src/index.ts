export { type PredictConfig, predictSettings } from "./config.js";
export type { PeerAddresses } from "./peers.js";
export { predictProgram } from "./program.js";
export { startPredict } from "./start.js";
export { planTiles, type Tile, type TiledNetwork } from "./tiling/tiles.js";
