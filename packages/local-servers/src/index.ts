export { CertificateAuthority } from "./certificates.js";
export * from "./faulty-proxy.js";
export { freePort } from "./free-port.js";
export * from "./local-cluster.js";
export type { LocalServer } from "./local-server.js";
export * from "./nats-server.js";
export * from "./s3-server.js";
export { ServerProcess } from "./server-process.js";
export * from "./severable-line.js";
