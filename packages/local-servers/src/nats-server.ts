/** A NATS server with JetStream that keeps its data in a folder and flushes every write to disk. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "./free-port.js";
import { isAnswering } from "./is-answering.js";
import { serverBinary } from "./server-binary.js";
import { type LocalServer, ServerProcess } from "./server-process.js";

export interface NatsServer extends LocalServer {
  /** `nats://127.0.0.1:port` */
  readonly url: string;
}

export interface NatsServerOptions {
  /** For its data and its configuration; kept when it ends. */
  directory: string;
  /** Default: any that is free. */
  port?: number;
}

export async function startNatsServer({ directory, port }: NatsServerOptions): Promise<NatsServer> {
  const own = port ?? (await freePort());
  const monitor = await freePort();
  await mkdir(directory, { recursive: true });
  const config = join(directory, "nats.conf");
  // JSON is a subset of the server's own syntax.
  await writeFile(
    config,
    JSON.stringify({
      host: "127.0.0.1",
      port: own,
      http: `127.0.0.1:${monitor}`,
      server_name: "pssr-local",
      jetstream: { store_dir: join(directory, "jetstream"), sync_interval: "always" },
    }),
  );
  const server = new ServerProcess({
    command: serverBinary("nats"),
    args: ["-c", config],
    isReady: () => isAnswering(`http://127.0.0.1:${monitor}/healthz?js-enabled-only=true`),
  });
  await server.start();
  return Object.assign(server, { url: `nats://127.0.0.1:${own}` });
}
