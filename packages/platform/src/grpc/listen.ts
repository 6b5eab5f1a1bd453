/** How a server of ours begins to listen, and how its address is called from this machine. */
import type { ServerCredentials } from "@grpc/grpc-js";
import { PssrError } from "@pssr/api";
import type { Server } from "nice-grpc";

export interface ListenOptions {
  /** `host:port`; port 0 lets the system choose. */
  bind: string;
  /** The setting that said so, for the message of an error. */
  field: string;
  credentials: ServerCredentials;
}

/** The port. INVALID_CONFIGURATION where it cannot listen there. */
export async function listen(server: Server, { bind, field, credentials }: ListenOptions): Promise<number> {
  try {
    return await server.listen(bind, credentials);
  } catch (cause) {
    throw cannotListen(bind, field, cause);
  }
}

export function cannotListen(bind: string, field: string, cause: unknown): PssrError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `Cannot listen on ${bind}: ${why}. Choose another address or port.`;
  return new PssrError("INVALID_CONFIGURATION", message, { field, cause });
}

/** Where it listens: the bind address with the port that it got. */
export function bound(bind: string, port: number): string {
  return bind.replace(/:\d+$/, `:${port}`);
}

/** The host of a bind address as this machine calls it: a wildcard is reached on loopback. */
export function dialable(bind: string): string {
  const host = bind.replace(/:\d+$/, "");
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "[::]" ? "[::1]" : host;
}
