export * from "./nats-server.js";
export type { LocalServer } from "./server-process.js";
