/**
 * Signs and verifies the identity that one service hands to the next: a JSON Web Token (RFC 7519) of a few minutes' life.
 * In one process a random key is enough and never leaves it; between processes the keys come from configuration.
 */
import { randomBytes } from "node:crypto";
import { PssrError } from "@pssr/api";
import type { CryptoKey } from "jose";
import { everyProject, type Identity, type Role, roles } from "./identity.js";

const issuer = "pssr";
const audience = "pssr-services";
const defaultLifetimeMs = 5 * 60_000;
const clockToleranceSeconds = 5;
/** The parts of jose in use, loaded with the first token: a process that starts needs none. */
const loadSigner = () => import("jose/jwt/sign");
const loadVerifier = async () => ({ ...(await import("jose/jwt/verify")), errors: await import("jose/errors") });
/** A token is a few hundred bytes; more is not one of ours and not worth a signature check. */
const maxTokenLength = 8192;

export interface Key {
  /** Sent in the token's header, so that keys can be changed while tokens live. */
  readonly id: string;
  readonly algorithm: "HS256" | "EdDSA";
  /** Absent: this process verifies only. For HS256 the same secret as `verify`, at least 32 bytes. */
  readonly sign?: Uint8Array | CryptoKey;
  readonly verify: Uint8Array | CryptoKey;
}

export interface Keyring {
  /** False for a key that only this process knows: then nobody outside can ever hold a valid token. */
  readonly configured: boolean;
  /** A token for this identity, valid for `lifetimeMs` (default five minutes). */
  issue(identity: Identity, options?: { lifetimeMs?: number }): Promise<string>;
  /** The identity in a token; throws UNAUTHENTICATED for any token that is not ours, not valid yet or expired. */
  verify(token: string): Promise<Identity>;
}

/** A keyring whose only key is made here and now and dies with the process. */
export function createProcessKeyring(): Keyring {
  const secret = randomBytes(32);
  return createKeyring([{ id: "process", algorithm: "HS256", sign: secret, verify: secret }], { configured: false });
}

/** A keyring of given keys: the first that can sign signs, all verify. */
export function createKeyring(keys: readonly Key[], options: { configured: boolean }): Keyring {
  const signing = keys.find((key) => key.sign !== undefined);
  for (const key of keys) {
    if (key.verify instanceof Uint8Array && key.verify.byteLength < 32) {
      throw new PssrError(
        "INVALID_CONFIGURATION",
        `Key ${key.id} has ${key.verify.byteLength} bytes; an HS256 key needs at least 32.`,
      );
    }
  }
  return {
    configured: options.configured,
    async issue(identity, { lifetimeMs = defaultLifetimeMs } = {}) {
      if (signing?.sign === undefined) {
        throw new PssrError(
          "INVALID_CONFIGURATION",
          "No signing key is configured: this process can only verify identities.",
        );
      }
      const { SignJWT } = await loadSigner();
      return new SignJWT({ prj: identity.projects, role: identity.role })
        .setProtectedHeader({ alg: signing.algorithm, kid: signing.id })
        .setSubject(identity.principal)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(new Date(Date.now() + lifetimeMs))
        .sign(signing.sign);
    },
    async verify(token) {
      if (token.length > maxTokenLength) throw unauthenticated("The token is longer than any of ours.");
      const { jwtVerify, errors } = await loadVerifier();
      try {
        const { payload } = await jwtVerify(
          token,
          ({ kid, alg }) => {
            const key = keys.find((candidate) => candidate.id === kid && candidate.algorithm === alg);
            if (key === undefined) throw new errors.JWSSignatureVerificationFailed();
            return key.verify;
          },
          { issuer, audience, clockTolerance: clockToleranceSeconds, requiredClaims: ["sub", "exp"] },
        );
        return readIdentity(payload);
      } catch (cause) {
        if (cause instanceof errors.JWTExpired) throw unauthenticated("The identity has expired; call again.", cause);
        if (cause instanceof errors.JOSEError) throw unauthenticated("The token is not valid here.", cause);
        throw cause;
      }
    },
  };
}

/** The identity with which a worker acts for an operation: its project, nothing else. */
export function workerIdentity(project: string, principal: string): Identity {
  return { principal, projects: [project], role: "service" };
}

/** A token for a worker that acts for an operation of `principal` in `project`; it may do nothing outside that project. */
export function mintFor(
  keyring: Keyring,
  project: string,
  principal: string,
  options?: { lifetimeMs?: number },
): Promise<string> {
  if (project === everyProject) throw new PssrError("INTERNAL", "A worker acts in one project, never in all.");
  return keyring.issue(workerIdentity(project, principal), options);
}

function readIdentity(payload: { sub?: string; prj?: unknown; role?: unknown }): Identity {
  const { sub, prj, role } = payload;
  const known = roles.find((candidate): candidate is Role => candidate === role);
  if (sub === undefined || known === undefined || !isStrings(prj)) throw unauthenticated("The token lacks its claims.");
  return { principal: sub, projects: prj, role: known };
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function unauthenticated(message: string, cause?: unknown): PssrError {
  return new PssrError("UNAUTHENTICATED", message, { cause });
}
