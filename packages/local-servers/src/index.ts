export * from "./nats-server.js";
export * from "./s3-server.js";
export type { LocalServer } from "./server-process.js";
export * from "./severable-line.js";
