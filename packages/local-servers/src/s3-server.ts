/** An S3 server over a folder, with one account whose keys are made anew for every server. */
import { randomBytes, randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { freePort, onFreePorts } from "./free-port.js";
import { isAnswering } from "./is-answering.js";
import type { LocalServer } from "./local-server.js";
import { startServer } from "./start-server.js";

export interface S3Server extends LocalServer {
  /** `http://127.0.0.1:port`, or `https:` */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface S3ServerOptions {
  /** For its data; kept when it ends. */
  directory: string;
  /** Default: any that is free. */
  port?: number;
  /** Files of its certificate (which is its own authority's) and key, PEM; given, it speaks TLS only. */
  tls?: { cert: string; key: string };
  /** Default: made anew. */
  keys?: { accessKey: string; secretKey: string };
}

export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const { port } = options;
  if (port !== undefined) return startOn(port, options);
  return onFreePorts(async () => startOn(await freePort(), options));
}

async function startOn(own: number, { directory, tls, keys }: S3ServerOptions): Promise<S3Server> {
  // Nobody else's: what answers there is the server that was started here.
  const healthPath = `/health-${randomUUID()}`;
  const endpoint = `${tls === undefined ? "http" : "https"}://127.0.0.1:${own}`;
  const { accessKey, secretKey } = keys ?? newS3Keys();
  const objects = resolve(directory, "objects");
  // Not as extended attributes, which overlay and older tmpfs file systems lack.
  const metadata = resolve(directory, "metadata");
  for (const folder of [objects, metadata]) await mkdir(folder, { recursive: true });
  const server = await startServer("s3", {
    args: [
      ...["--port", `127.0.0.1:${own}`, "--health", healthPath, "--keep-alive", "--quiet"],
      ...(tls === undefined ? [] : ["--cert", tls.cert, "--key", tls.key]),
      ...["posix", "--sidecar", metadata, objects],
    ],
    folders: [
      objects,
      metadata,
      ...(tls === undefined ? [] : [dirname(tls.cert), dirname(tls.key)].map((path) => resolve(path))),
    ],
    // Not as flags: every process can read those.
    env: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
    isReady: () => isAnswering(endpoint + healthPath, tls?.cert),
  });
  return Object.assign(server, { endpoint, accessKey, secretKey });
}

export function newS3Keys(): { accessKey: string; secretKey: string } {
  return { accessKey: randomBytes(10).toString("hex"), secretKey: randomBytes(20).toString("hex") };
}
