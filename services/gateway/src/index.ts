export { type GatewayConfig, gatewaySettings } from "./config.js";
export { type GatewayBackends, startGateway } from "./main.js";
