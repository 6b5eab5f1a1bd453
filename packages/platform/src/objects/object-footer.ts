/**
 * How every store keeps an object: the content, then 40 bytes of footer (SHA-256 of the content, then a magic). So content
 * and digest become visible in one step, whatever keeps them, and a cut-off object is recognised.
 */
import { PssrError } from "@pssr/api";

const magic = Buffer.from("pssrobj1", "latin1");
const digestBytes = 32;
export const footerBytes = digestBytes + magic.length;

export function objectFooter(sha256: Uint8Array): Buffer {
  return Buffer.concat([sha256, magic]);
}

/** The digest that a footer holds, in hexadecimal digits; OBJECT_CORRUPT for what is no footer. */
export function readObjectFooter(footer: Uint8Array, key: string): string {
  if (footer.length !== footerBytes || !magic.equals(footer.subarray(digestBytes))) {
    throw corruptObject(key, "it is cut off or was changed");
  }
  return Buffer.from(footer.subarray(0, digestBytes)).toString("hex");
}

export function corruptObject(key: string, why: string): PssrError {
  return new PssrError("OBJECT_CORRUPT", `object ${key} is damaged: ${why}; restore it from a backup or make it again`);
}

/** What a store says to other content under a key that exists. */
export function otherContent(key: string, present: number, given: number): PssrError {
  return new PssrError(
    "ALREADY_EXISTS",
    `object ${key} exists with other content (${present} bytes, not ${given}); objects are write-once: use another key`,
  );
}
