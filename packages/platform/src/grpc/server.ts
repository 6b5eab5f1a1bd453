/**
 * Starts a gRPC server as every service of ours has it: health, reflection, deadlines, typed errors, identity, limits,
 * and a stop that ends in bounded time.
 *
 *     const server = await startGrpcServer({
 *       bind: config.bind,
 *       services: [grpcService(ImageServiceDefinition, new ImageRpcs(…))],
 *       authenticator: bearerAuthenticator(keyring),
 *       log,
 *     });
 *     await server.close({ graceMs: 5000 });
 */
import { setTimeout as after } from "node:timers/promises";
import { PssrError } from "@pssr/api";
import {
  createServer,
  type ServerAddBuilder,
  type ServiceImplementation,
  type TsProtoServiceDefinition,
} from "nice-grpc";
import { HealthDefinition, HealthServiceImpl, HealthState } from "nice-grpc-server-health";
import { contractDescriptors } from "../descriptors/contract.js";
import { AccessRules } from "../identity/access-rules.js";
import { type Authenticator, isLoopback } from "../identity/authenticator.js";
import { type CallExtension, identityMiddleware } from "../identity/identity-middleware.js";
import type { Logger } from "../log/logger.js";
import { CallCounter, countCalls } from "./call-counter.js";
import { callMiddleware } from "./call-middleware.js";
import { defaultDeadline } from "./default-deadline.js";
import { drain } from "./drain.js";
import { defaultLimits, type GrpcLimits, serverOptions } from "./limits.js";
import { bound, dialable, listen } from "./listen.js";
import {
  type ReflectionSource,
  reflectionDefinition,
  reflectionImplementation,
  reflectionServices,
} from "./reflection.js";
import { withStreamEncoding } from "./stream-encoding.js";
import { serverCredentials, type TlsFiles } from "./tls.js";

/** A service with its handlers; made by `grpcService`. */
export interface GrpcService {
  readonly name: string;
  readonly paths: readonly string[];
  addTo(server: ServerAddBuilder<CallExtension>): void;
}

export function grpcService<Definition extends TsProtoServiceDefinition>(
  definition: Definition,
  implementation: ServiceImplementation<Definition, CallExtension>,
): GrpcService {
  return {
    name: definition.fullName,
    paths: Object.values(definition.methods).map(({ name }) => `/${definition.fullName}/${name}`),
    addTo: (server) => server.add(withStreamEncoding(definition), implementation),
  };
}

export interface GrpcServerOptions {
  /** `host:port`; port 0 lets the system choose. */
  bind: string;
  services: readonly GrpcService[];
  authenticator: Authenticator;
  log: Logger;
  limits?: Partial<GrpcLimits>;
  /** Its certificate, and whose callers it takes; without one connections are not encrypted. */
  tls?: TlsFiles | undefined;
  /** What reflection shows. Default: the services given, as the contract of this release describes them. */
  reflection?: () => ReflectionSource;
}

export interface GrpcServer {
  readonly port: number;
  /** Where to call it from this machine, `host:port`. */
  readonly address: string;
  /** Where it listens: on all addresses of this machine, perhaps. */
  readonly bound: string;
  /** Tells health clients of one service (default: of the server as a whole) whether it can take calls. */
  setServing(serving: boolean, service?: string): void;
  /**
   * Health turns NOT_SERVING, no new call is taken, calls under way get `graceMs` to end, then they are cancelled.
   * Returns when the last handler has returned, at most a second later.
   */
  close(options: { graceMs: number }): Promise<void>;
}

/** How long cancelled handlers may take to return before a stop goes on without them. */
const abortMs = 1000;

export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { bind, services, authenticator, log } = options;
  if (!isLoopback(bind) && !authenticator.configured) {
    throw new PssrError(
      "INVALID_CONFIGURATION",
      `Refusing to listen on ${bind}: others could reach it, and no identity is configured. Bind 127.0.0.1, or configure keys.`,
      { field: "bind" },
    );
  }
  const credentials = serverCredentials(options.tls);
  const limits = { ...defaultLimits, ...options.limits };
  const descriptors = contractDescriptors();
  const rules = new AccessRules(descriptors);
  const paths = services.flatMap((one) => one.paths);
  for (const path of paths) rules.of(path);

  const health = HealthState();
  const handlers = new CallCounter();
  const calls = new CallCounter();
  const interceptors = [defaultDeadline(limits.defaultDeadline), countCalls(calls, new Set(paths))];
  const server = createServer(Object.assign(serverOptions(limits, limits.serviceStreams), { interceptors }));
  const names = [...services.map((one) => one.name), HealthDefinition.fullName];
  server.add(HealthDefinition, HealthServiceImpl(health));
  const source = options.reflection ?? (() => ({ descriptors, services: names }));
  for (const name of reflectionServices) server.add(reflectionDefinition(name), reflectionImplementation(source));

  const guarded = server.with(callMiddleware(log, handlers)).with(identityMiddleware(authenticator, rules));
  for (const one of services) {
    one.addTo(guarded);
    health.setStatus("healthy", one.name);
  }
  const port = await listen(server, { bind, field: "bind", credentials });
  const at = bound(bind, port);
  log.info({ address: at, services: services.map((one) => one.name) }, "listening");

  let closing: Promise<void> | undefined;
  const close = async (graceMs: number) => {
    for (const name of ["", ...services.map((one) => one.name)]) health.setStatus("unhealthy", name);
    await drain(server.shutdown(), calls, graceMs);
    server.forceShutdown();
    const left = await Promise.race([
      handlers.idle().then(() => 0),
      after(abortMs, undefined, { ref: false }).then(() => handlers.count),
    ]);
    if (left > 0) log.warn({ handlers: left }, "handlers still run after their calls were cancelled");
    log.info({ address: at }, "stopped");
  };
  return {
    port,
    address: `${dialable(bind)}:${port}`,
    bound: at,
    setServing: (serving, service = "") => health.setStatus(serving ? "healthy" : "unhealthy", service),
    close({ graceMs }) {
      closing ??= close(graceMs);
      return closing;
    },
  };
}
