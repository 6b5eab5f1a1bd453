export { type CrappifyConfig, crappifySettings } from "./config.js";
export { crappifyProgram } from "./program.js";
export { startCrappify } from "./start.js";
