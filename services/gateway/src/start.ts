/**
 * The one door of an installation. It forwards the methods that its backends' reflection names, without knowing their
 * messages, and answers health, reflection and operations itself: those run in a server of its own on loopback, which
 * the door forwards to like to any other.
 */
import { setTimeout as after } from "node:timers/promises";
import { Channel, credentials } from "@grpc/grpc-js";
import { OperationsDefinition, OperationWatchServiceDefinition } from "@pssr/api";
import {
  bearerAuthenticator,
  channelOptions,
  contractDescriptors,
  DescriptorIndex,
  grpcService,
  healthFile,
  type Identity,
  type Keyring,
  type Logger,
  localAuthenticator,
  type RunningService,
  reflectionServices,
  type ServiceContext,
  startGrpcServer,
  type TokenSource,
  tokenSource,
} from "@pssr/platform";
import { Backend } from "./backend.js";
import type { GatewayConfig } from "./config.js";
import type { Route } from "./forward.js";
import { FrontDoor } from "./front-door.js";
import { OperationRpcs, OperationWatchRpcs } from "./operation-rpcs.js";
import type { ServedServices } from "./reflect.js";

/** Addresses of the services behind the gateway, by a name for messages and logs: `{ crappify: "127.0.0.1:7701" }`. */
export type GatewayBackends = Readonly<Record<string, string>>;

const healthService = "grpc.health.v1.Health";

/** Answered by the gateway's own server, for callers and for whoever looks after the gateway. */
const publicPaths = [
  `/${healthService}/Check`,
  `/${healthService}/Watch`,
  ...reflectionServices.map((service) => `/${service}/ServerReflectionInfo`),
];

/** Something that serves methods: a backend, or the gateway's own server. */
interface Served {
  readonly name: string;
  readonly channel: Channel;
  readonly served: ServedServices | undefined;
}

/** Starts the gateway. It waits `backendWait` for its backends; those that come later, or come back, are found then. */
export async function startGateway(
  config: GatewayConfig,
  context: ServiceContext,
  addresses: GatewayBackends,
): Promise<RunningService> {
  const { keyring, operations } = context;
  const log = context.log.child({ part: "gateway" });
  const identity: Identity = { principal: config.localPrincipal, projects: config.localProjects, role: "admin" };
  const door = new FrontDoor({
    bind: config.gatewayBind,
    limits: config,
    windowBytes: config.forwardWindow,
    authenticator: localAuthenticator(identity),
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
  const channel = new Channel(server.address, credentials.createInsecure(), {
    ...channelOptions(config),
    "grpc.enable_retries": 0,
  });
  const own: Served = { name: "gateway", channel, served: { services: names, descriptors } };
  const backends: Backend[] = [];
  const closeAll = async () => {
    await Promise.all(backends.map((backend) => backend.close()));
    channel.close();
    await server.close({ graceMs: 0 });
  };
  const changed = () => {
    table = routesOf(own, backends, config.defaultDeadline, log);
    door.setRoutes(table.routes);
    for (const { served, reachable } of backends) {
      for (const service of served?.services ?? []) server.setServing(reachable, service);
    }
  };
  try {
    changed();
    for (const [name, address] of Object.entries(addresses)) {
      backends.push(new Backend({ name, address, limits: config, log, changed }));
    }
    await Promise.race([
      Promise.all(backends.map((backend) => backend.firstSeen())),
      after(config.backendWait, undefined, { ref: false, signal: context.signal }),
    ]);
    await door.listen();
  } catch (error) {
    await closeAll();
    throw error;
  }
  log.info({ address: door.address }, "the gateway is open");
  return {
    address: door.address,
    async close({ graceMs }) {
      server.setServing(false);
      await door.close({ graceMs });
      await closeAll();
    },
  };
}

interface RouteTable extends ServedServices {
  readonly routes: ReadonlyMap<string, Route>;
}

/** Where each path leads, and what reflection shows. Of two that serve one service, the first has it. */
function routesOf(own: Served, backends: readonly Served[], defaultDeadlineMs: number, log: Logger): RouteTable {
  const all = [own, ...backends];
  const routes = new Map<string, Route>();
  const services: string[] = [healthService];
  for (const { name, channel, served } of all) {
    for (const service of served?.services ?? []) {
      if (services.includes(service)) {
        log.warn({ backend: name, service }, "two backends serve the same service; the first has it");
        continue;
      }
      services.push(service);
      for (const method of served?.descriptors.methodsOf(service) ?? []) {
        const deadline = method.clientStreaming || method.serverStreaming ? undefined : defaultDeadlineMs;
        routes.set(`/${service}/${method.name}`, { channel, backend: name, defaultDeadlineMs: deadline });
      }
    }
  }
  for (const path of publicPaths) {
    routes.set(path, { channel: own.channel, backend: own.name, defaultDeadlineMs: undefined });
  }
  const files = all.flatMap(({ served }) => [...(served?.descriptors.files ?? [])]);
  return { routes, services, descriptors: new DescriptorIndex([...files, healthFile]) };
}

/** One token per identity, minted anew before it grows stale. */
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
