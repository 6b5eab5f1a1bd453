/** Where each path leads: the methods of all that serve something behind the door. */
import type { Channel } from "@grpc/grpc-js";
import { DescriptorIndex, healthFile, type Logger, reflectionServices } from "@pssr/platform";
import type { Route } from "./forward.js";
import type { ServedServices } from "./reflect.js";

const healthService = "grpc.health.v1.Health";

/** Answered by the gateway's own server, for callers and for whoever looks after the gateway. */
const publicPaths = [
  `/${healthService}/Check`,
  `/${healthService}/Watch`,
  ...reflectionServices.map((service) => `/${service}/ServerReflectionInfo`),
];

/** Something that serves methods: a backend, or the gateway's own server. */
export interface Served {
  readonly name: string;
  readonly channel: Channel;
  readonly served: ServedServices | undefined;
}

/** The routes, and what reflection shows of them. */
export interface RouteTable extends ServedServices {
  readonly routes: ReadonlyMap<string, Route>;
}

/** Of two that serve one service, the first has it. */
export function routesOf(own: Served, backends: readonly Served[], defaultDeadlineMs: number, log: Logger): RouteTable {
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
