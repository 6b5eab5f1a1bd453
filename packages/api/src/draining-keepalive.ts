/**
 * Keepalive over a connection that drains. After a GOAWAY (a server renews its connections now and then) the calls under way
 * go on over the old connection, but Node refuses to ping over it, which grpc-js takes for a dead peer: it cuts calls off that
 * are well (https://github.com/grpc/grpc-node/issues/3068, open for servers and clients of 1.14.7). HTTP/2 allows that ping
 * (RFC 9113, section 6.8), and so does Node's own session underneath.
 *
 * An entry of its own, `@pssr/api/draining-keepalive`: the package's index is for browsers too, which have no node:http2.
 */
import { connect, type Http2Session } from "node:http2";
import { PassThrough } from "node:stream";

type PingCallback = (error: Error | null, durationMs: number, payload: Buffer) => void;
type Ping = (this: Http2Session, ...args: [PingCallback] | [Buffer, PingCallback]) => boolean;
type AckCallback = (acknowledged: boolean, durationMs: number, payload: Buffer) => void;
interface Handle {
  ping(payload: Buffer, callback: AckCallback): boolean;
}

const pingBytes = 8;
let isDone = false;

/**
 * Makes all connections of this process ping while they drain. Again, it changes nothing; nor does it on a release of Node that
 * keeps its sessions in another way: calls may be cut off there when a connection is renewed, as they are everywhere without this.
 */
export function keepDrainingConnectionsAlive(): void {
  if (isDone) return;
  isDone = true;
  const prototype = sessionPrototype();
  if (prototype === undefined) return;
  const ping = prototype.ping as Ping;
  const pingAlways: Ping = function (...args) {
    const handle = this.closed && !this.destroyed ? handleOf(this) : undefined;
    if (handle === undefined) return ping.apply(this, args);
    const callback = args.at(-1) as PingCallback;
    return handle.ping(Buffer.alloc(pingBytes), (acknowledged, durationMs, payload) =>
      callback(acknowledged ? null : new Error("the ping was cancelled"), durationMs, payload),
    );
  };
  prototype.ping = pingAlways as Http2Session["ping"];
}

/** That of client's and server's sessions, which Node does not export; undefined where it is not where we know it. */
function sessionPrototype(): Http2Session | undefined {
  const session = connect("http://nowhere.invalid", { createConnection: () => new PassThrough() });
  session.once("error", () => undefined);
  const prototype = Object.getPrototypeOf(Object.getPrototypeOf(session)) as Http2Session | null;
  session.destroy();
  return prototype !== null && Object.hasOwn(prototype, "ping") ? prototype : undefined;
}

function handleOf(session: Http2Session): Handle | undefined {
  const symbol = Object.getOwnPropertySymbols(session).find(({ description }) => description === "kHandle");
  return symbol === undefined
    ? undefined
    : ((session as unknown as Record<symbol, Handle | undefined>)[symbol] ?? undefined);
}
