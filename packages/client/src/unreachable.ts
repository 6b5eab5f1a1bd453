/**
 * What a person reads when PSSR cannot be reached, in place of the words of grpc-js, Node and OpenSSL: what was wrong, and
 * what to do.
 *
 *     nobody listens at 127.0.0.1:7717: start `pssr up`, or say where PSSR listens with --address (PSSR_ADDRESS)
 */
import { readFileSync } from "node:fs";
import { PssrError } from "@pssr/api";

export interface Destination {
  /** host:port */
  address: string;
  /** Whether the connection is encrypted: a certificate authority is named. */
  encrypted: boolean;
}

const setAddress = "--address (PSSR_ADDRESS)";
const setAuthority = "--ca (PSSR_CA_FILE)";

/** The authority in a file; INVALID_FIELD where it holds none. */
export function readAuthority(file: string): Buffer {
  const pem = readFileSync(file);
  if (pem.includes("-----BEGIN CERTIFICATE-----")) return pem;
  throw new PssrError("INVALID_FIELD", `${file} holds no certificate in PEM form; check ${setAuthority}`, {
    field: "certificateAuthority",
  });
}

/** Throws INVALID_FIELD for what is no address. */
export function checkAddress(address: string): void {
  const port = /^(?:dns:\/\/\/)?(?:\[[\da-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(address)?.[1];
  if (port !== undefined && Number(port) >= 1 && Number(port) <= 65_535) return;
  throw new PssrError(
    "INVALID_FIELD",
    `"${address}" is no address: expected HOST:PORT, such as 127.0.0.1:7717 or [::1]:7717; check ${setAddress}`,
    { field: "address" },
  );
}

type Problem = readonly [RegExp, (to: Destination, found: RegExpExecArray) => string];

/** The first that fits counts. */
const problems: readonly Problem[] = [
  [
    /ECONNREFUSED/,
    ({ address }) => `nobody listens at ${address}: start \`pssr up\`, or say where PSSR listens with ${setAddress}`,
  ],
  [
    /Name resolution failed|ENOTFOUND|EAI_AGAIN/,
    ({ address }) => `the host of ${address} is not known here: check its name in ${setAddress}`,
  ],
  [
    /timed out|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    ({ address }) =>
      `no connection to ${address} comes about: check ${setAddress}, and that its computer is on and no firewall lies between`,
  ],
  [
    /wrong version number/,
    ({ address }) => `${address} takes no encrypted connections: leave ${setAuthority} out, or check ${setAddress}`,
  ],
  [
    /certificate's altnames: .*?(?:cert's altnames: (\S.*?)\.? *)?(?:Resolution note|$)/s,
    ({ address }, [, names]) =>
      `the certificate of ${address} is for another name${names ? ` (${names})` : ""}: check ${setAddress}, which must call it as its certificate does`,
  ],
  [
    /certificate (?:has expired|is not yet valid)/,
    ({ address }, [why]) => `${address} cannot be trusted, its ${why}: have it renewed, or set this computer's clock`,
  ],
  [
    /self-signed certificate|unable to (?:get|verify)/,
    ({ address }) =>
      `the certificate of ${address} is not trusted here: check ${setAuthority}, which must name the authority that issued it`,
  ],
  [
    /alert certificate required|alert handshake failure/,
    ({ address }) =>
      `${address} lets in only services, which show a certificate: give the gateway's address in ${setAddress}`,
  ],
  // Nothing but that the connection ended, or gave no sign of HTTP/2, before it stood.
  [
    /Failed to connect \(|Protocol error|Parse Error|ECONNRESET|EPIPE|socket hang up|disconnected before/,
    ({ address, encrypted }) =>
      encrypted
        ? `what listens at ${address} does not speak as PSSR does: check ${setAddress}`
        : `what listens at ${address} does not speak as PSSR does: if its connections are encrypted, name its certificate authority with ${setAuthority}, else check ${setAddress}`,
  ],
];

/** The message for a connection that did not come about, from grpc-js's words; undefined where those are all there is to say. */
export function unreachable(details: string, to: Destination): string | undefined {
  // A connection that stood and broke is not of this kind, whatever it broke from.
  if (!/^(No connection established|Name resolution failed)/.test(details)) return undefined;
  for (const [pattern, words] of problems) {
    const found = pattern.exec(details);
    if (found !== null) return words(to, found);
  }
  return undefined;
}
