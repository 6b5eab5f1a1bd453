/**
 * An API token as its holder has it, `pssr_<id>_<secret>`: the id finds its entry, the secret of 32 random bytes proves
 * it. Only the SHA-256 of the whole is ever stored, which is enough for a secret that nobody can guess.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const form = /^pssr_([a-z0-9][a-z0-9-]{0,62})_[A-Za-z0-9_-]{43}$/;

/** Makes a token; it cannot be made again. */
export function newApiToken(id: string): string {
  return `pssr_${id}_${randomBytes(32).toString("base64url")}`;
}

/** The id in a token; undefined for what is none. */
export function idOfApiToken(token: string): string | undefined {
  return form.exec(token)?.[1];
}

/** In hexadecimal, as `printf %s "$TOKEN" | sha256sum` gives it. */
export function digestOfApiToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Whether the token has this digest, in a time that does not tell how nearly. */
export function hasDigest(token: string, sha256: string): boolean {
  return timingSafeEqual(Buffer.from(digestOfApiToken(token), "hex"), Buffer.from(sha256, "hex"));
}
