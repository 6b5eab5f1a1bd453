/**
 * How every store keeps an object: the content, then 40 bytes of footer. They become visible in one step, whatever keeps them,
 * and a cut-off object is recognised.
 *
 *   bytes 0–31   SHA-256 of the content: what it is
 *   bytes 32–35  CRC-32 of the content (as in gzip, little-endian): whether it is intact, for a third of the time
 *   bytes 36–39  "obj2"
 *
 * Version 1 had "pssrobj1" behind the SHA-256; its content is checked by that.
 */
import { createHash } from "node:crypto";
import { crc32 } from "@node-rs/crc32"; // node:zlib's is three times slower
import { PssrError } from "@pssr/api";

const digestBytes = 32;
const magics = { 1: Buffer.from("pssrobj1", "latin1"), 2: Buffer.from("obj2", "latin1") } as const;
export const footerBytes = 40;

export interface ObjectFooter {
  /** 64 hexadecimal digits. */
  sha256: string;
  /** Undefined in version 1. */
  crc32: number | undefined;
}

/** Makes the footer of content that goes by. */
export class FooterMaker {
  readonly #sha256 = createHash("sha256");
  #crc32 = 0;

  update(chunk: Uint8Array): void {
    this.#sha256.update(chunk);
    this.#crc32 = crc32(chunk, this.#crc32);
  }

  /** Once, after all content. */
  finish(): { footer: Buffer; sha256: string } {
    const sha256 = this.#sha256.digest();
    const footer = Buffer.concat([sha256, Buffer.alloc(4), magics[2]]);
    footer.writeUInt32LE(this.#crc32, digestBytes);
    return { footer, sha256: sha256.toString("hex") };
  }
}

/** Checks content that goes by against its footer. */
export class ContentCheck {
  readonly #sha256: ReturnType<typeof createHash> | undefined;
  #crc32 = 0;

  constructor(private readonly footer: ObjectFooter) {
    if (footer.crc32 === undefined) this.#sha256 = createHash("sha256");
  }

  update(chunk: Uint8Array): void {
    if (this.#sha256 === undefined) this.#crc32 = crc32(chunk, this.#crc32);
    else this.#sha256.update(chunk);
  }

  /** Once, after all content. */
  matches(): boolean {
    return this.#sha256 === undefined
      ? this.#crc32 === this.footer.crc32
      : this.#sha256.digest("hex") === this.footer.sha256;
  }
}

/** OBJECT_CORRUPT for what is no footer. */
export function readObjectFooter(bytes: Uint8Array, key: string): ObjectFooter {
  const footer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const sha256 = footer.toString("hex", 0, digestBytes);
  if (footer.length === footerBytes) {
    if (magics[2].equals(footer.subarray(-magics[2].length)))
      return { sha256, crc32: footer.readUInt32LE(digestBytes) };
    if (magics[1].equals(footer.subarray(-magics[1].length))) return { sha256, crc32: undefined };
  }
  throw corruptObject(key, "it is cut off or was changed");
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
