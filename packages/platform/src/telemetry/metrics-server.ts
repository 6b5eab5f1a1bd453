/** Serves the metrics of this process over HTTP/1.1, as Prometheus asks for them: `GET /metrics`, and nothing else. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { bound, cannotListen } from "../grpc/listen.js";
import type { Logger } from "../log/logger.js";
import { collectProcessMetrics, registry } from "./registry.js";

export interface MetricsServer {
  /** Where it listens. */
  readonly bound: string;
  close(): Promise<void>;
}

/** A scrape is one small request: whoever sends more, or slowly, is no monitoring. */
const requestMs = 5_000;
const headerBytes = 4_096;
const mostConnections = 32;
/** Longer than the pause between two scrapes. */
const keepAliveMs = 75_000;

export async function startMetricsServer(bind: string, log: Logger): Promise<MetricsServer> {
  collectProcessMetrics();
  const limits = { headersTimeout: requestMs, requestTimeout: requestMs, maxHeaderSize: headerBytes };
  const server = createServer({ ...limits, keepAliveTimeout: keepAliveMs, connectionsCheckingInterval: requestMs });
  server.maxConnections = mostConnections;
  server.on("request", (request, response) => {
    answer(request, response).catch((err: unknown) => {
      log.error({ err }, "the metrics cannot be told");
      response.writeHead(500).end();
    });
  });
  const split = bind.lastIndexOf(":");
  try {
    server.listen(Number(bind.slice(split + 1)), bind.slice(0, split).replace(/^\[(.*)\]$/, "$1"));
    await once(server, "listening");
  } catch (cause) {
    throw cannotListen(bind, "metricsBind", cause);
  }
  return {
    bound: bound(bind, (server.address() as AddressInfo).port),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume(); // whatever body it has is of no interest
  const path = request.url?.replace(/\?.*$/, "");
  if (path !== "/metrics" || (request.method !== "GET" && request.method !== "HEAD")) {
    response.writeHead(404).end();
    return;
  }
  const text = await registry.metrics();
  response.writeHead(200, { "content-type": registry.contentType }).end(request.method === "HEAD" ? undefined : text);
}
