/** A NATS server with JetStream that keeps its data in a folder and flushes every write to disk. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { freePort } from "./free-port.js";
import { isAnswering } from "./is-answering.js";
import type { LocalServer } from "./local-server.js";
import { startServer } from "./start-server.js";

export interface NatsServer extends LocalServer {
  /** `nats://127.0.0.1:port`, `tls://localhost:port` with TLS (whose certificates are for names) */
  readonly url: string;
  /** Where its streams lie. */
  readonly dataDirectory: string;
}

export interface NatsServerOptions {
  /** For its data and its configuration; kept when it ends. */
  directory: string;
  /** Default: any that is free. */
  port?: number;
  /** Whom it lets in. Default: everybody. */
  token?: string;
  /** Files of its certificate and key, PEM; given, it speaks TLS only. */
  tls?: { cert: string; key: string };
}

export async function startNatsServer({ port, token, tls, ...options }: NatsServerOptions): Promise<NatsServer> {
  const directory = resolve(options.directory);
  const own = port ?? (await freePort());
  const monitor = await freePort();
  await mkdir(directory, { recursive: true });
  const config = join(directory, "nats.conf");
  const dataDirectory = join(directory, "jetstream");
  // JSON is a subset of the server's own syntax.
  await writeFile(
    config,
    JSON.stringify({
      host: "127.0.0.1",
      port: own,
      http: `127.0.0.1:${monitor}`,
      server_name: "pssr-local",
      jetstream: { store_dir: dataDirectory, sync_interval: "always" },
      ...(token === undefined ? {} : { authorization: { token } }),
      ...(tls === undefined ? {} : { tls: { cert_file: tls.cert, key_file: tls.key } }),
    }),
  );
  const server = await startServer("nats", {
    args: ["-c", config],
    folders: [directory, ...(tls === undefined ? [] : [dirname(tls.cert), dirname(tls.key)])].map((path) =>
      resolve(path),
    ),
    isReady: () => isAnswering(`http://127.0.0.1:${monitor}/healthz?js-enabled-only=true`),
  });
  return Object.assign(server, {
    url: tls === undefined ? `nats://127.0.0.1:${own}` : `tls://localhost:${own}`,
    dataDirectory,
  });
}
