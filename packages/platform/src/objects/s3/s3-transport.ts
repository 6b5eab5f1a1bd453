/**
 * What the S3 client sends one request with: Node's own `request`, and beside it what the client lacks. The request is given
 * up when its signal is aborted or when no byte has moved for a while, and carries the headers that its exchange adds.
 */
import type * as http from "node:http";

/** One request and what became of it. */
export interface Exchange {
  readonly signal: AbortSignal | undefined;
  readonly idleTimeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The answer's status, once there is one. */
  status?: number | undefined;
  /** Why we gave the request up, if we did. */
  givenUp?: unknown;
}

/** No byte moved on a request, in either direction, for the configured time. */
export class IdleTimeout extends Error {
  constructor(idleTimeoutMs: number) {
    super(`no byte moved for ${idleTimeoutMs / 1000} s`);
  }
}

/**
 * Answers that may differ a moment later. The client forgets to read the bodies of these, which would keep their sockets, so
 * that is done here.
 */
const passingStatuses: ReadonlySet<number> = new Set([408, 429, 499, 500, 502, 503, 504, 520]);

export function isPassingStatus(status: number | undefined): boolean {
  return status !== undefined && passingStatuses.has(status);
}

/**
 * On every socket. Where the answer comes before the body has been sent, and the connection breaks then, Node 20 has taken its
 * own listener away when the socket tells of the error, which would end the process. The request hears of it by itself.
 */
function told(): void {}

export function s3Transport(send: typeof http.request, exchange: Exchange): Pick<typeof http, "request"> {
  const request = (options: http.RequestOptions, onResponse: (response: http.IncomingMessage) => void) => {
    const headers = { ...(options.headers as http.OutgoingHttpHeaders), ...exchange.headers };
    const sent = send({ ...options, headers });
    let response: http.IncomingMessage | undefined;
    const giveUp = (reason: unknown): void => {
      exchange.givenUp ??= reason;
      const error = reason instanceof Error ? reason : new Error(String(reason));
      if (response === undefined) sent.destroy(error);
      else response.destroy(error);
    };

    sent.once("response", (answer) => {
      response = answer;
      exchange.status = answer.statusCode;
      if (isPassingStatus(answer.statusCode)) answer.resume();
      onResponse(answer);
    });
    sent.once("socket", (socket) => {
      const onTimeout = (): void => {
        // Bytes that lie here unread are our reader's delay, not the server's.
        const { complete = false, readableLength = 0 } = response ?? {};
        if (complete || readableLength > 0 || response?.isPaused()) {
          socket.setTimeout(exchange.idleTimeoutMs);
        } else {
          giveUp(new IdleTimeout(exchange.idleTimeoutMs));
        }
      };
      if (!socket.listeners("error").includes(told)) socket.on("error", told);
      socket.setTimeout(exchange.idleTimeoutMs);
      socket.on("timeout", onTimeout);
      sent.once("close", () => {
        socket.off("timeout", onTimeout);
        socket.setTimeout(0);
      });
    });
    const { signal } = exchange;
    if (signal !== undefined) {
      const onAbort = (): void => giveUp(signal.reason);
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
      sent.once("close", () => signal.removeEventListener("abort", onAbort));
    }
    return sent;
  };
  return { request: request as typeof http.request };
}
