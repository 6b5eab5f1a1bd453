/**
 * Encrypted connections: the certificate of a process' server, the authority whose servers its calls trust, and, where
 * services shall know each other by certificates too, the authority of theirs. Files are read when a process starts; after a
 * change of one, processes are started anew, one after the other.
 */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";
import { PssrError } from "@pssr/api";
import { type Config, optional } from "../config/setting.js";
import { text } from "../config/setting-kinds.js";

/** Of whatever listens to callers. */
export const serverTlsSettings = {
  tlsCertFile: optional(text(), {
    description: "Certificate of this process' server with its chain, PEM; given, connections to it are encrypted",
  }),
  tlsKeyFile: optional(text(), { description: "The key of that certificate, PEM" }),
} as const;

/** Of a process that calls other services, and is called by them. */
export const tlsSettings = {
  ...serverTlsSettings,
  tlsCaFile: optional(text(), {
    description:
      "Certificate authority of the services that this process calls, PEM; given, those connections are encrypted. Where a process has a certificate of its own, it shows it to them",
  }),
  tlsClientCaFile: optional(text(), {
    description:
      "Certificate authority of the services that may call this one, PEM; given, a caller without a certificate of it is refused. Not for the gateway's callers, who have tokens",
  }),
} as const;

export type TlsConfig = Config<typeof tlsSettings>;

/** Which files a process uses; plain data, so that a child process can be given it. */
export interface TlsFiles {
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly caFile?: string | undefined;
  readonly clientCaFile?: string | undefined;
}

export function tlsFilesOf(config: Partial<TlsConfig>): TlsFiles {
  return {
    certFile: config.tlsCertFile,
    keyFile: config.tlsKeyFile,
    caFile: config.tlsCaFile,
    clientCaFile: config.tlsClientCaFile,
  };
}

/** How a server is reached: encrypted if it has a certificate. INVALID_CONFIGURATION for files that do not fit together. */
export function serverCredentials(files: TlsFiles = {}): ServerCredentials {
  const own = ownCertificate(files);
  const clientCa = authorities("tlsClientCaFile", files.clientCaFile);
  if (own === undefined) {
    if (clientCa === undefined) return ServerCredentials.createInsecure();
    throw wrong("tlsClientCaFile", "asks callers for certificates, which needs one of our own: set tlsCertFile too");
  }
  return ServerCredentials.createSsl(
    clientCa ?? null,
    [{ private_key: own.key, cert_chain: own.cert }],
    clientCa !== undefined,
  );
}

/**
 * How servers are called: encrypted if there is an authority to trust. INVALID_CONFIGURATION for files that cannot be used.
 * @param caField The setting that names the authority's file.
 */
export function channelCredentials(files: TlsFiles = {}, caField = "tlsCaFile"): ChannelCredentials {
  const ca = authorities(caField, files.caFile);
  if (ca === undefined) return ChannelCredentials.createInsecure();
  const own = ownCertificate(files);
  return ChannelCredentials.createSsl(ca, own?.key ?? null, own?.cert ?? null);
}

function ownCertificate({ certFile, keyFile }: TlsFiles): { cert: Buffer; key: Buffer } | undefined {
  const cert = read("tlsCertFile", certFile);
  const key = read("tlsKeyFile", keyFile);
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined)
    throw wrong("tlsCertFile", "is not set, though tlsKeyFile is; a key belongs to a certificate");
  if (key === undefined) throw wrong("tlsKeyFile", "is not set, though tlsCertFile is; a certificate needs its key");
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw wrong(
      "tlsCertFile",
      `${certFile} and the key in ${keyFile} cannot be used together: ${messageOf(cause)}`,
      cause,
    );
  }
  return { cert, key };
}

/**
 * Certificates to trust. All of them are looked at: what reads them for a connection ends at the first that it cannot read,
 * without a word.
 */
function authorities(field: string, path: string | undefined): Buffer | undefined {
  const pem = read(field, path);
  if (pem === undefined) return undefined;
  const certificates = pem
    .toString("latin1")
    .split(/(?=-----BEGIN )/)
    .filter((block) => /^-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(block));
  if (certificates.length === 0) throw wrong(field, `the file ${path} holds no certificate`);
  for (const [n, certificate] of certificates.entries()) {
    try {
      new X509Certificate(certificate);
    } catch (cause) {
      const which = `certificate ${n + 1} of ${certificates.length} in the file ${path}`;
      throw wrong(field, `${which} cannot be read: ${messageOf(cause)}`, cause);
    }
  }
  return pem;
}

function read(field: string, path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  let pem: Buffer;
  try {
    pem = readFileSync(path);
  } catch (cause) {
    throw wrong(field, `the file ${path} cannot be read: ${messageOf(cause)}`, cause);
  }
  if (!pem.includes("-----BEGIN ")) throw wrong(field, `the file ${path} is no PEM file`);
  return pem;
}

function wrong(field: string, problem: string, cause?: unknown): PssrError {
  return new PssrError("INVALID_CONFIGURATION", `${field}: ${problem}`, { field, cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
