/**
 * Brings an image to a reference's brightness and contrast before the two are compared, for pairs that come from different
 * detectors: the least-squares gain·x + offset with gain above zero.
 */
import type { PixelArray } from "../pixels/pixel-array.js";
import { checkComparable } from "./comparable.js";

export interface AffineFit {
  readonly gain: number;
  /** In the reference's pixel values. */
  readonly offset: number;
  /**
   * False if no positive gain fits: the image is constant, or not positively correlated with the reference. The best of all
   * gains above zero would then tend to zero and score as a flat grey image does, which may look good; so nothing is
   * fitted, and the image is to be scored as it is (gain 1, offset 0), which is never better.
   */
  readonly fitted: boolean;
}

/** @throws PssrError SHAPE_MISMATCH */
export function fitAffine(reference: PixelArray, image: PixelArray): AffineFit {
  checkComparable(reference, image);
  const [y, x] = [reference.data, image.data];
  const n = x.length;
  let [sumX, sumY] = [0, 0];
  for (let i = 0; i < n; i++) {
    sumX += x[i]!;
    sumY += y[i]!;
  }
  const [meanX, meanY] = [sumX / n, sumY / n];
  let [variance, covariance] = [0, 0];
  for (let i = 0; i < n; i++) {
    const dx = x[i]! - meanX;
    variance += dx * dx;
    covariance += dx * (y[i]! - meanY);
  }
  const gain = covariance / variance;
  if (!(variance > 0 && gain > 0 && Number.isFinite(gain))) return { gain: 1, offset: 0, fitted: false };
  return { gain, offset: meanY - gain * meanX, fitted: true };
}

/** gain·x + offset as float32, neither rounded nor clipped. */
export function applyAffine(image: PixelArray, fit: Pick<AffineFit, "gain" | "offset">): PixelArray {
  const data = Float32Array.from(image.data, (value) => fit.gain * value + fit.offset);
  return { axes: image.axes, shape: image.shape, dtype: "float32", data };
}
