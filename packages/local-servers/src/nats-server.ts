/** A NATS server with JetStream that keeps its data in a folder and flushes every write to disk. */
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { freePort, onFreePorts } from "./free-port.js";
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
  /** As one of several that keep each other's data: its name, where the others reach it, and all such addresses. */
  cluster?: { name: string; port: number; routes: readonly string[] };
}

export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const { port } = options;
  if (port !== undefined) return startOn(port, await freePort(), options);
  return onFreePorts(async () => startOn(await freePort(), await freePort(), options));
}

async function startOn(own: number, monitor: number, options: NatsServerOptions): Promise<NatsServer> {
  const { token, tls, cluster } = options;
  const directory = resolve(options.directory);
  const tag = `start-${randomUUID()}`;
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
      server_name: cluster?.name ?? "pssr-local",
      server_tags: [tag],
      jetstream: { store_dir: dataDirectory, sync_interval: "always" },
      ...(cluster === undefined
        ? {}
        : { cluster: { name: "pssr-local", listen: `127.0.0.1:${cluster.port}`, routes: cluster.routes } }),
      ...(token === undefined ? {} : { authorization: { token } }),
      ...(tls === undefined ? {} : { tls: { cert_file: tls.cert, key_file: tls.key } }),
    }),
  );
  const server = await startServer("nats", {
    args: ["-c", config],
    folders: [directory, ...(tls === undefined ? [] : [dirname(tls.cert), dirname(tls.key)])].map((path) =>
      resolve(path),
    ),
    // Its tag tells that it is this one which answers. One of several is well only with the others, which may not be there yet.
    isReady: async () =>
      (await isTagged(`http://127.0.0.1:${monitor}/varz`, tag)) &&
      (cluster !== undefined || (await isAnswering(`http://127.0.0.1:${monitor}/healthz`))),
  });
  return Object.assign(server, {
    url: tls === undefined ? `nats://127.0.0.1:${own}` : `tls://localhost:${own}`,
    dataDirectory,
  });
}

/** So many servers that keep each other's data: any minority of them may be lost. */
export async function startNatsCluster({
  directory,
  servers,
}: {
  directory: string;
  servers: number;
}): Promise<NatsServer[]> {
  const names = Array.from({ length: servers }, (_, i) => `pssr-local-${i + 1}`);
  return onFreePorts(async () => {
    const ports: number[] = [];
    for (const _ of names) ports.push(await freePort());
    const routes = ports.map((port) => `nats://127.0.0.1:${port}`);
    const starts = names.map((name, i) =>
      startNatsServer({ directory: join(directory, name), cluster: { name, port: ports[i]!, routes } }),
    );
    try {
      return await Promise.all(starts);
    } catch (error) {
      for (const start of await Promise.allSettled(starts)) if (start.status === "fulfilled") await start.value.stop();
      throw error;
    }
  });
}

const silenceMs = 1_000;

async function isTagged(url: string, tag: string): Promise<boolean> {
  try {
    const { tags } = (await (await fetch(url, { signal: AbortSignal.timeout(silenceMs) })).json()) as {
      tags?: string[];
    };
    return tags?.includes(tag) === true;
  } catch {
    return false; // nobody listens yet, or somebody who is no NATS server
  }
}
