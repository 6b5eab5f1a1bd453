/** Peak signal-to-noise ratio, as scikit-image's `peak_signal_noise_ratio`. */
import type { PixelArray } from "../pixels/pixel-array.js";
import { checkComparable } from "./comparable.js";

/**
 * 10 · log10(dataRange² / mean squared error) over all pixels, in dB; Infinity for equal images.
 * @param dataRange distance between the least and the greatest possible value, 255 for uint8
 * @throws PssrError SHAPE_MISMATCH, INVALID_FIELD (data range)
 */
export function psnr(reference: PixelArray, image: PixelArray, dataRange: number): number {
  checkComparable(reference, image, dataRange);
  const [a, b] = [reference.data, image.data];
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return 10 * Math.log10(dataRange ** 2 / (sum / a.length));
}
