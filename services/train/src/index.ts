export { type TrainConfig, trainSettings } from "./config.js";
export { trainProgram } from "./program.js";
export { startTrain, type TrainPeers } from "./start.js";
