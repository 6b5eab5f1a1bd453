/**
 * Reads an image file of unknown origin: whatever the bytes are, the answer is an image within the limits or a PssrError.
 * Nothing is allocated from a size that a file declares before that size is checked.
 */
import { isPssrError, PssrError } from "@pssr/api";
import type { DecodedImage, DecodeLimits } from "./decoded-image.js";
import { decodePng, isPng } from "./png/decode-png.js";
import { decodeTiff, isTiff } from "./tiff/decode-tiff.js";

/**
 * Decodes a PNG (8 or 16 bits, grey) or TIFF (8 or 16 bits or float32, grey; strips or tiles; none, LZW or deflate; both
 * byte orders; BigTIFF). Synchronous and heavy: call it away from an event loop that others need.
 * @throws PssrError NOT_AN_IMAGE, IMAGE_CORRUPT, UNSUPPORTED_PIXELS, IMAGE_TOO_LARGE; nothing else
 */
export function decodeImage(bytes: Uint8Array, limits: DecodeLimits): DecodedImage {
  try {
    if (isPng(bytes)) return decodePng(bytes, limits);
    if (isTiff(bytes)) return decodeTiff(bytes, limits);
  } catch (cause) {
    if (isPssrError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PssrError("IMAGE_CORRUPT", `the file is damaged (${reason}): export it again`, { cause });
  }
  throw new PssrError(
    "NOT_AN_IMAGE",
    "the bytes are neither PNG nor TIFF: save the image as 8- or 16-bit greyscale TIFF or PNG",
  );
}
