export * from "./local-cluster.js";
export * from "./nats-server.js";
export * from "./s3-server.js";
export { type LocalServer, ServerProcess } from "./server-process.js";
export * from "./severable-line.js";
