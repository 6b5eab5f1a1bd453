/**
 * Lets in whoever brings an API token of the file, and nobody else. The file is read again when it changes, so a token that
 * is taken out is refused within the interval; a new file that cannot be used changes nothing and is reported.
 */
import { stat } from "node:fs/promises";
import { PssrError } from "@pssr/api";
import type { Authenticator, Caller, Identity } from "@pssr/platform";
import { hasDigest, idOfApiToken } from "./api-token.js";
import { readTokenFile, type TokenEntry, type TokenFile, versionOf } from "./token-file.js";

export interface TokenAuthenticatorOptions {
  /** How often the file is looked at, milliseconds. */
  readonly reloadMs: number;
  /** Told once of each state of the file: how many tokens it has, or why it cannot be used. */
  readonly loaded: (tokens: number) => void;
  readonly failed: (error: unknown) => void;
}

interface Known {
  readonly entry: TokenEntry;
  readonly identity: Identity;
}

/** Compared with the token of an id that is not there, so that such a call takes as long as any. */
const noDigest = "0".repeat(64);

export class TokenAuthenticator implements Authenticator {
  readonly configured = true;
  readonly #path: string;
  readonly #options: TokenAuthenticatorOptions;
  #known: ReadonlyMap<string, Known>;
  /** Of the state last read, usable or not. */
  #version: string;
  readonly #timer: NodeJS.Timeout;
  #reading: Promise<void> | undefined;

  private constructor(path: string, file: TokenFile, options: TokenAuthenticatorOptions) {
    this.#path = path;
    this.#options = options;
    this.#known = byId(file.tokens);
    this.#version = file.version;
    options.loaded(this.#known.size);
    this.#timer = setInterval(() => {
      this.#reading ??= this.reload().finally(() => {
        this.#reading = undefined;
      });
    }, options.reloadMs).unref();
  }

  /** Throws INVALID_CONFIGURATION for a file that cannot be used. */
  static async open(path: string, options: TokenAuthenticatorOptions): Promise<TokenAuthenticator> {
    return new TokenAuthenticator(path, await readTokenFile(path), options);
  }

  async authenticate({ authorization }: Caller): Promise<Identity> {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) {
      throw unauthenticated("The call carries no API token: send the metadata entry authorization: Bearer pssr_…");
    }
    const id = idOfApiToken(token);
    const known = id === undefined ? undefined : this.#known.get(id);
    const proven = hasDigest(token, known?.entry.sha256 ?? noDigest);
    if (known === undefined || !proven) throw unauthenticated("The API token is not valid here: ask for a new one.");
    const { expiresMs } = known.entry;
    if (expiresMs !== undefined && Date.now() >= expiresMs) {
      throw unauthenticated(`The API token ${id} expired on ${new Date(expiresMs).toISOString()}: ask for a new one.`);
    }
    return known.identity;
  }

  /** Reads the file again if it has changed. */
  async reload(): Promise<void> {
    let seen = "missing";
    try {
      seen = versionOf(await stat(this.#path, { bigint: true }));
      if (seen === this.#version) return;
      const { tokens, version } = await readTokenFile(this.#path);
      seen = version;
      this.#known = byId(tokens);
      this.#options.loaded(tokens.length);
    } catch (error) {
      if (seen === this.#version) return;
      this.#options.failed(error);
    }
    this.#version = seen;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
  }
}

function byId(tokens: readonly TokenEntry[]): ReadonlyMap<string, Known> {
  return new Map(
    tokens.map((entry) => {
      const { principal, projects, role } = entry;
      return [entry.id, { entry, identity: { principal, projects, role } }];
    }),
  );
}

function unauthenticated(message: string): PssrError {
  return new PssrError("UNAUTHENTICATED", message);
}
