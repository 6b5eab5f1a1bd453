export { type CrappifyConfig, crappifySettings } from "./config.js";
export { startCrappify } from "./main.js";
