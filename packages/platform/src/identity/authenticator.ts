/** Finds out who calls. Two ways: the signed identity of our own services, and the one local principal of an embedded installation. */
import { isIP } from "node:net";
import { PssrError } from "@pssr/api";
import type { Identity } from "./identity.js";
import type { Keyring } from "./keyring.js";

export interface Caller {
  /** The metadata entry `authorization`, if any. */
  readonly authorization: string | undefined;
  /** Address and port of the other end. */
  readonly peer: string;
}

export interface Authenticator {
  /** False: made for one machine; a server that others can reach refuses to start with it. */
  readonly configured: boolean;
  /** Throws UNAUTHENTICATED when the caller is nobody we know. */
  authenticate(caller: Caller): Promise<Identity>;
}

/** Callers are our own services, or act through them: they bring a token of this keyring. */
export function bearerAuthenticator(keyring: Keyring): Authenticator {
  return {
    configured: keyring.configured,
    async authenticate({ authorization }) {
      const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
      if (token === undefined) {
        throw new PssrError(
          "UNAUTHENTICATED",
          "The call carries no identity: call through the gateway, or send a bearer token.",
        );
      }
      return keyring.verify(token);
    },
  };
}

/** Whoever reaches the loopback interface of this machine is this principal. */
export function localAuthenticator(identity: Identity): Authenticator {
  return {
    configured: false,
    async authenticate({ peer }) {
      if (isLoopbackHost(hostOf(peer))) return identity;
      throw new PssrError("UNAUTHENTICATED", "Only callers on this machine are let in without a token.");
    },
  };
}

/** Whether an address `host:port` can be reached from this machine alone. */
export function isLoopback(address: string): boolean {
  return isLoopbackHost(hostOf(address));
}

function isLoopbackHost(host: string): boolean {
  const plain = host.replace(/^::ffff:(?=\d)/i, "");
  return plain === "localhost" || plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

/** The host of `host:port`; IPv6 with or without brackets (grpc-js gives peers without). */
function hostOf(address: string): string {
  if (isIP(address) !== 0) return address;
  return address.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}
