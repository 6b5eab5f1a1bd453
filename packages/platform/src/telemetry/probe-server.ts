/**
 * A server of its own for probes: kubelet's gRPC probes speak no TLS and bring no identity, which the service's own server
 * may demand. It serves grpc.health.v1.Health and nothing else.
 */
import { ServerCredentials } from "@grpc/grpc-js";
import { createServer } from "nice-grpc";
import { HealthDefinition, HealthServiceImpl } from "nice-grpc-server-health";
import { bound, dialable, listen } from "../grpc/listen.js";
import type { Probes } from "./probes.js";

export interface ProbeServer {
  readonly address: string;
  /** Where it listens. */
  readonly bound: string;
  close(): void;
}

/** A question has a few bytes, and is asked by few. */
const options = {
  "grpc.max_receive_message_length": 4096,
  "grpc.max_concurrent_streams": 16,
  "grpc.max_connection_idle_ms": 5 * 60_000,
  "grpc.so_reuseport": 0,
};

export async function startProbeServer(bind: string, probes: Probes): Promise<ProbeServer> {
  const server = createServer(options);
  server.add(HealthDefinition, HealthServiceImpl(probes.health));
  const port = await listen(server, { bind, field: "probeBind", credentials: ServerCredentials.createInsecure() });
  const close = () => server.forceShutdown();
  return { address: `${dialable(bind)}:${port}`, bound: bound(bind, port), close };
}
