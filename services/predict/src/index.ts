export { type PredictConfig, predictSettings } from "./config.js";
export { startPredict } from "./main.js";
export type { PeerAddresses } from "./peers.js";
export { planTiles, type Tile, type TiledNetwork } from "./tiling/tiles.js";
