/** The digest of an image: SHA-256 over what it means and over its pixels in C order, little-endian. */
import { createHash } from "node:crypto";
import type { PixelData } from "@pssr/imaging";
import type { PixelDescription } from "./image-record.js";

export class ImageDigest {
  readonly #hash = createHash("sha256");

  constructor({ axes, shape, dtype, pixelSizeNm, levels: { black, white } }: PixelDescription) {
    this.#hash.update(`${JSON.stringify(["image 1", axes, shape, dtype, pixelSizeNm, black, white])}\n`);
  }

  /** The next pixels, in C order. */
  update(pixels: PixelData): this {
    this.#hash.update(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength));
    return this;
  }

  /** Hexadecimal. */
  end(): string {
    return this.#hash.digest("hex");
  }
}
