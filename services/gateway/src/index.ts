export { type GatewayConfig, gatewaySettings } from "./config.js";
export { gatewayProgram } from "./program.js";
export { type GatewayBackends, startGateway } from "./start.js";
export { digestOfApiToken, newApiToken } from "./tokens/api-token.js";
export {
  changeTokenFile,
  readTokenFile,
  type TokenEntry,
  type TokenRole,
  tokenRoles,
} from "./tokens/token-file.js";
