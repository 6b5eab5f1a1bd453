/**
 * A whole installation as a cluster has it, on this machine: a NATS server, an S3 server, and every service in processes of
 * its own, several of one service if asked for. For development, the demo, benches, and tests that kill parts of it.
 *
 *     const cluster = await LocalCluster.start({ directory: "out/cluster", instances: { predict: 2 } });
 *     await cluster.services.train[0]?.kill();
 */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PssrError } from "@pssr/api";
import { freePort } from "./free-port.js";
import type { LocalServer } from "./local-server.js";
import { type NatsServer, startNatsServer } from "./nats-server.js";
import { newS3Keys, type S3Server, startS3Server } from "./s3-server.js";
import { ServerProcess } from "./server-process.js";

/** In the order in which they are started: each calls only those before it. */
const serviceNames = ["crappify", "train", "predict", "gateway"] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface LocalClusterOptions {
  /** Gives a start up that has not ended. */
  signal?: AbortSignal;
  /** Everything is kept here and found again by the next start: data, keys, and the log of each process. */
  directory: string;
  /** `host:port` of the gateway. Default: any port that is free. */
  gatewayBind?: string;
  /** How many processes of each service. Default one. */
  instances?: Partial<Record<Exclude<ServiceName, "gateway">, number>>;
  /** Further settings as environment variables, for all services. */
  settings?: Readonly<Record<string, string>>;
  /** What the services use in place of the servers' own addresses: lines that a test can cut. */
  lines?: { nats?: (url: string) => Promise<string>; s3?: (endpoint: string) => Promise<string> };
}

interface Secrets {
  accessKey: string;
  secretKey: string;
}

export class LocalCluster {
  private constructor(
    readonly nats: NatsServer,
    readonly s3: S3Server,
    readonly services: Readonly<Record<ServiceName, readonly ServerProcess[]>>,
    /** `host:port` of the gateway: the one door. */
    readonly address: string,
    /** What a process of a service is given in its environment, without what is its own. */
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** Starts everything, the gateway last; where a part does not start, nothing is left running. */
  static async start(options: LocalClusterOptions): Promise<LocalCluster> {
    const { directory, instances = {}, settings = {}, lines = {}, signal } = options;
    await mkdir(join(directory, "logs"), { recursive: true });
    const started: { stop(): Promise<void> }[] = [];
    try {
      const keys = await kept<Secrets>(join(directory, "s3-keys.json"), newS3Keys);
      const nats = await startNatsServer({ directory: join(directory, "nats") });
      started.push(nats);
      const s3 = await startS3Server({ directory: join(directory, "s3"), keys });
      started.push(s3);
      const identityKey = join(directory, "identity-key.json");
      const { key } = await kept(identityKey, () => ({ key: randomBytes(32).toString("hex") }));
      const environment = {
        PSSR_NATS_URL: (await lines.nats?.(nats.url)) ?? nats.url,
        PSSR_S3_ENDPOINT: (await lines.s3?.(s3.endpoint)) ?? s3.endpoint,
        PSSR_S3_ACCESS_KEY: keys.accessKey,
        PSSR_S3_SECRET_KEY: keys.secretKey,
        PSSR_IDENTITY_KEY: key,
        ...settings,
      };
      const ports = await portsFor(instances);
      const addresses = Object.fromEntries(
        serviceNames.map((name) => [`PSSR_${name.toUpperCase()}_ADDRESS`, addressOf(ports[name])]),
      );
      const services: Record<ServiceName, ServerProcess[]> = { crappify: [], train: [], predict: [], gateway: [] };
      for (const name of serviceNames) {
        for (const [i, port] of ports[name].entries()) {
          const bind = name === "gateway" ? (options.gatewayBind ?? `127.0.0.1:${port}`) : `127.0.0.1:${port}`;
          const one = new ServerProcess({
            command: process.execPath,
            args: [fileURLToPath(new URL(`../../../services/${name}/dist/main.js`, import.meta.url))],
            env: { ...environment, ...addresses, [`PSSR_${name.toUpperCase()}_BIND`]: bind },
            logFile: join(directory, "logs", `${name}-${i + 1}.log`),
            isReady: () => isListening(bind),
          });
          services[name].push(one);
          started.push(one);
          await one.start();
          signal?.throwIfAborted();
        }
      }
      const address = options.gatewayBind ?? `127.0.0.1:${ports.gateway[0]}`;
      return new LocalCluster(nats, s3, services, address, environment);
    } catch (error) {
      for (const one of started.toReversed()) await one.stop();
      throw error;
    }
  }

  /** Returns when the signal is aborted; fails with UNAVAILABLE as soon as a process of it has ended by itself. */
  async broken({ signal }: { signal: AbortSignal }): Promise<void> {
    const processes = [
      ["nats", this.nats],
      ["s3", this.s3],
      ...serviceNames.flatMap((name) => this.services[name].map((one) => [name, one])),
    ] as [string, LocalServer][];
    const ends = processes.map(async ([name, one]) => {
      await one.ended();
      return name;
    });
    let stop = (): void => undefined;
    const aborted = new Promise<undefined>((resolve) => {
      stop = () => resolve(undefined);
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    });
    const name = await Promise.race([aborted, ...ends]);
    signal.removeEventListener("abort", stop);
    if (name !== undefined) throw new PssrError("UNAVAILABLE", `${name} has ended by itself; its log tells why`);
  }

  /** Ends the services in an orderly way, then the servers. */
  async stop(): Promise<void> {
    for (const name of serviceNames.toReversed()) {
      await Promise.all(this.services[name].map((one) => one.stop()));
    }
    await Promise.all([this.nats.stop(), this.s3.stop()]);
  }
}

async function portsFor(instances: LocalClusterOptions["instances"]): Promise<Record<ServiceName, number[]>> {
  const ports: Record<ServiceName, number[]> = { crappify: [], train: [], predict: [], gateway: [] };
  for (const name of serviceNames) {
    const count = name === "gateway" ? 1 : (instances?.[name] ?? 1);
    for (let i = 0; i < count; i++) ports[name].push(await freePort());
  }
  return ports;
}

/** One address, or all of them for the caller to spread its calls over. */
function addressOf(ports: readonly number[]): string {
  return ports.map((port) => `127.0.0.1:${port}`).join(",");
}

async function kept<T>(path: string, make: () => T): Promise<T> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const made = make();
    await writeFile(path, JSON.stringify(made), { mode: 0o600 });
    return made;
  }
}

function isListening(bind: string): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${bind}`);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false)); // not yet
  });
}
