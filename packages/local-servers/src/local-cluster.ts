/**
 * A whole installation as a cluster has it, on this machine: a NATS server, an S3 server, and every service in processes of
 * its own, several of one service if asked for. For development, the demo, benches, and tests that kill parts of it.
 *
 *     const cluster = await LocalCluster.start({ directory: "out/cluster", instances: { predict: 2 } });
 *     await cluster.services.train[0]?.kill();
 */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PssrError } from "@pssr/api";
import type { LocalServer } from "./local-server.js";
import { type NatsServer, startNatsServer } from "./nats-server.js";
import { newS3Keys, type S3Server, startS3Server } from "./s3-server.js";
import type { ServerProcess } from "./server-process.js";
import { addressOf, startService } from "./start-service.js";
import { stopInTurn } from "./stop-in-turn.js";

/** In the order in which they are started: each calls only those before it. */
const serviceNames = ["crappify", "train", "predict", "optimize", "gateway"] as const;
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

/** Of NATS and S3, which have nothing to do but to end, milliseconds. */
const serversStopMs = 10_000;
/** No process of ours ends later than this where its own settings give it less, milliseconds. */
const leastStopMs = 5_000;

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
    /** What is to be ended together, in the order in which it was started. */
    const started: LocalServer[][] = [[]];
    try {
      const keys = await kept<Secrets>(join(directory, "s3-keys.json"), newS3Keys);
      const nats = await startNatsServer({ directory: join(directory, "nats") });
      started[0]?.push(nats);
      signal?.throwIfAborted();
      const s3 = await startS3Server({ directory: join(directory, "s3"), keys });
      started[0]?.push(s3);
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
      const services: Record<ServiceName, ServerProcess[]> = {
        crappify: [],
        train: [],
        predict: [],
        optimize: [],
        gateway: [],
      };
      const addresses: Record<string, string> = {};
      for (const name of serviceNames) {
        const own = services[name];
        started.push(own);
        const count = name === "gateway" ? 1 : (instances[name] ?? 1);
        for (let i = 1; i <= count; i++) {
          const env = { ...environment, ...addresses };
          const logFile = join(directory, "logs", `${name}-${i}.log`);
          const bind = name === "gateway" ? options.gatewayBind : undefined;
          own.push(await startService({ name, env, logFile, bind, signal }));
        }
        // One address, or all of them for the caller to spread its calls over.
        addresses[`PSSR_${name.toUpperCase()}_ADDRESS`] = own.map(addressOf).join(",");
      }
      const address = services.gateway.map(addressOf).join();
      return new LocalCluster(nats, s3, services, address, environment);
    } catch (error) {
      await stopInTurn(started);
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

  /** How long `stop` may take where each service has so much time until it takes no calls, for its work, and for what is left of its calls. */
  static stopMs(times: { stopDelay: number; workGrace: number; stopGrace: number }): number {
    const { stopDelay, workGrace, stopGrace } = times;
    return serviceNames.length * Math.max(leastStopMs, stopDelay + workGrace + stopGrace + 1_000) + serversStopMs;
  }

  /** Ends the services in an orderly way, those of one name together, then the servers. */
  async stop(): Promise<void> {
    await stopInTurn([[this.nats, this.s3], ...serviceNames.map((name) => this.services[name])]);
  }
}

async function kept<T>(path: string, make: () => T): Promise<T> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const made = make();
    await writeFile(`${path}.new`, JSON.stringify(made), { mode: 0o600 });
    await rename(`${path}.new`, path); // whole or not at all
    return made;
  }
}
