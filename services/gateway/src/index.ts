export { type GatewayConfig, gatewaySettings } from "./config.js";
export { gatewayProgram } from "./program.js";
export { type GatewayBackends, startGateway } from "./start.js";
