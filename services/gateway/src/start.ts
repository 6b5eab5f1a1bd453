/**
 * The one door of an installation. It forwards the methods that its backends' reflection names, without knowing their
 * messages, and answers health, reflection and operations itself: those run in a server of its own on loopback, which
 * the door forwards to like to any other.
 */
import { setTimeout as after } from "node:timers/promises";
import { OperationsDefinition, OperationWatchServiceDefinition } from "@pssr/api";
import {
  bearerAuthenticator,
  contractDescriptors,
  grpcService,
  type Identity,
  isLoopback,
  type Keyring,
  type RunningService,
  type ServiceContext,
  startGrpcServer,
  type TokenSource,
  tokenSource,
} from "@pssr/platform";
import { Backend } from "./backend.js";
import { openCallers } from "./callers.js";
import type { GatewayConfig } from "./config.js";
import { FrontDoor } from "./front-door.js";
import { OperationRpcs, OperationWatchRpcs } from "./operation-rpcs.js";
import { type RouteTable, routesOf, type Served } from "./routes.js";
import { serviceChannel } from "./service-channel.js";

/** Addresses of the services behind the gateway, by a name for messages and logs: `{ crappify: "127.0.0.1:7701" }`. */
export type GatewayBackends = Readonly<Record<string, string>>;

/** Starts the gateway. It waits `backendWait` for its backends; those that come later, or come back, are found then. */
export async function startGateway(
  config: GatewayConfig,
  context: ServiceContext,
  addresses: GatewayBackends,
): Promise<RunningService> {
  const { keyring, operations } = context;
  const log = context.log.child({ part: "gateway" });
  /** What is open, to be closed in the opposite order. */
  const open: (() => Promise<void>)[] = [];
  const closeAll = async () => {
    for (const close of open.splice(0).reverse()) await close();
  };
  try {
    const callers = await openCallers(config, log);
    open.push(() => callers.close());
    if (!isLoopback(config.gatewayBind) && config.tlsCertFile === undefined) {
      log.warn({ bind: config.gatewayBind }, "connections are not encrypted: whoever sees them can read the tokens");
    }
    const door = new FrontDoor({
      bind: config.gatewayBind,
      limits: config,
      tls: { certFile: config.tlsCertFile, keyFile: config.tlsKeyFile },
      windowBytes: config.forwardWindow,
      callerCalls: config.callerCalls,
      patienceMs: config.backendPatience,
      authenticator: callers.authenticator,
      tokenFor: tokensFor(keyring),
      log,
    });
    const services = [
      grpcService(OperationsDefinition, new OperationRpcs(operations)),
      grpcService(OperationWatchServiceDefinition, new OperationWatchRpcs(operations)),
    ];
    const names = services.map((service) => service.name);
    const descriptors = contractDescriptors().subset(names);
    let table: RouteTable | undefined;
    const server = await startGrpcServer({
      bind: "127.0.0.1:0",
      services,
      authenticator: bearerAuthenticator(keyring),
      log,
      limits: config,
      reflection: () => table ?? { descriptors, services: names },
    });
    open.push(() => server.close({ graceMs: 0 }));
    const channel = serviceChannel(server.address, config);
    open.push(async () => channel.close());
    const own: Served = { name: "gateway", channel, served: { services: names, descriptors } };
    const backends: Backend[] = [];
    open.push(async () => void (await Promise.all(backends.map((backend) => backend.close()))));
    const changed = () => {
      table = routesOf(own, backends, config.defaultDeadline, log);
      // Until all have been seen once: whoever calls meanwhile must not hear that there is no such method.
      const areKnown = backends.length > 0 && backends.every(({ served }) => served !== undefined);
      door.setRoutes(table.routes, areKnown ? [] : [...contractDescriptors().methods.keys()]);
      for (const { served, reachable } of backends) {
        for (const service of served?.services ?? []) server.setServing(reachable, service);
      }
    };
    changed();
    for (const [name, address] of Object.entries(addresses)) {
      backends.push(
        new Backend({
          name,
          address,
          limits: config,
          tls: context.tls,
          refreshMs: config.backendRefresh,
          patienceMs: config.backendPatience,
          log,
          changed,
        }),
      );
    }
    await Promise.race([
      Promise.all(backends.map((backend) => backend.firstSeen())),
      after(config.backendWait, undefined, { ref: false, signal: context.signal }),
    ]);
    await door.listen();
    log.info({ address: door.bound }, "the gateway is open");
    return {
      address: door.address,
      bound: door.bound,
      async close({ graceMs }) {
        server.setServing(false);
        await door.close({ graceMs });
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** One token of the signed identity per caller, minted anew before it grows stale. */
function tokensFor(keyring: Keyring): (identity: Identity) => Promise<string> {
  const sources = new WeakMap<Identity, TokenSource>();
  return (identity) => {
    let source = sources.get(identity);
    if (source === undefined) {
      source = tokenSource(keyring, identity);
      sources.set(identity, source);
    }
    return source();
  };
}
