export { type TrainConfig, trainSettings } from "./config.js";
export { startTrain, type TrainPeers } from "./main.js";
