/** What every decoder of ours gives and respects: the image with its metadata, and the limits on its size. */
import { PssrError } from "@pssr/api";
import type { BlackAndWhite } from "../pixels/levels.js";
import { bytesPerPixel, type Dtype, type PixelArray } from "../pixels/pixel-array.js";

export interface DecodeLimits {
  /** Greatest number of pixels, over all pages. */
  readonly maxPixels: number;
  /** Greatest size of the decoded pixels, in bytes. */
  readonly maxBytes: number;
}

export interface DecodedImage {
  /** "yx"; several pages of a TIFF: "zyx". */
  readonly pixels: PixelArray;
  readonly format: "png" | "tiff";
  /** Size of a pixel along y and x in nanometres, if the file says so credibly. */
  readonly pixelSizeNm?: number;
  /** Black and white as the file declares them, if it does. */
  readonly levels?: BlackAndWhite;
}

/** @throws PssrError IMAGE_TOO_LARGE if an image of these declared sizes would exceed the limits */
export function checkLimits(sizes: readonly number[], dtype: Dtype, limits: DecodeLimits): void {
  const pixels = sizes.reduce((product, size) => product * size, 1);
  const bytes = pixels * bytesPerPixel[dtype];
  if (pixels <= limits.maxPixels && bytes <= limits.maxBytes) return;
  throw new PssrError(
    "IMAGE_TOO_LARGE",
    `the image has ${sizes.join("×")} ${dtype} pixels (${bytes} bytes); at most ${limits.maxPixels} pixels and ${limits.maxBytes} bytes are allowed: crop or split it`,
    { metadata: { pixels: `${pixels}`, maxPixels: `${limits.maxPixels}`, maxBytes: `${limits.maxBytes}` } },
  );
}

/** A coarser "pixel size" is a printer's resolution (72 or 300 dots an inch), which many programs write unasked. */
const coarsestPixelNm = 20_000;

/** One size for y and x, if the two agree to 1 % and can be a microscope's. */
export function crediblePixelSize(xNm: number, yNm: number): { pixelSizeNm?: number } {
  const credible = xNm > 0 && xNm <= coarsestPixelNm && Math.abs(xNm - yNm) <= 0.01 * xNm;
  return credible ? { pixelSizeNm: xNm } : {};
}
