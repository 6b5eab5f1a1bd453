/**
 * Structural similarity (Wang et al. 2004, eq. 13) as scikit-image's `structural_similarity` computes it by default: uniform
 * 7×7 window, sample covariance, K1 = 0.01, K2 = 0.03, mean over all pixels whose window lies within the image.
 */
import { PssrError } from "@pssr/api";
import { type PixelArray, type PixelData, planeCount, planeOf, planeShape } from "../pixels/pixel-array.js";
import { checkComparable } from "./comparable.js";

const window = 7;

/**
 * 1 for equal images, less otherwise. Of several planes, the mean of the planes' values.
 * @param dataRange distance between the least and the greatest possible value, 255 for uint8
 * @throws PssrError SHAPE_MISMATCH, INVALID_FIELD (data range; a side below 7 pixels)
 */
export function ssim(reference: PixelArray, image: PixelArray, dataRange: number): number {
  checkComparable(reference, image, dataRange);
  const [height, width] = planeShape(reference);
  if (height < window || width < window) {
    throw new PssrError(
      "INVALID_FIELD",
      `SSIM needs images of at least ${window}×${window} pixels, not ${height}×${width}`,
    );
  }
  let sum = 0;
  const planes = planeCount(reference);
  for (let plane = 0; plane < planes; plane++) {
    sum += planeSsim(planeOf(reference, plane).data, planeOf(image, plane).data, height, width, dataRange);
  }
  return sum / planes;
}

function planeSsim(a: PixelData, b: PixelData, height: number, width: number, dataRange: number): number {
  const [c1, c2] = [(0.01 * dataRange) ** 2, (0.03 * dataRange) ** 2];
  const n = window * window;
  const toSample = n / (n - 1);
  // Sums over the 7 rows of the window for each column: of a, b, a², b², ab.
  const [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0].map(() => new Float64Array(width)) as Columns;
  const addRow = (row: number, sign: 1 | -1): void => {
    for (let x = 0, i = row * width; x < width; x++, i++) {
      const p = a[i]!;
      const q = b[i]!;
      sa[x]! += sign * p;
      sb[x]! += sign * q;
      saa[x]! += sign * p * p;
      sbb[x]! += sign * q * q;
      sab[x]! += sign * p * q;
    }
  };
  for (let row = 0; row < window - 1; row++) addRow(row, 1);
  let total = 0;
  for (let top = 0; top <= height - window; top++) {
    addRow(top + window - 1, 1);
    // Sums over the window, moved along the row: the column that enters is added, the one that left subtracted.
    let ta = 0;
    let tb = 0;
    let taa = 0;
    let tbb = 0;
    let tab = 0;
    for (let x = 0; x < width; x++) {
      ta += sa[x]!;
      tb += sb[x]!;
      taa += saa[x]!;
      tbb += sbb[x]!;
      tab += sab[x]!;
      const left = x - window + 1;
      if (left < 0) continue;
      const ma = ta / n;
      const mb = tb / n;
      const varianceA = toSample * (taa / n - ma * ma);
      const varianceB = toSample * (tbb / n - mb * mb);
      const covariance = toSample * (tab / n - ma * mb);
      total += ((2 * ma * mb + c1) * (2 * covariance + c2)) / ((ma * ma + mb * mb + c1) * (varianceA + varianceB + c2));
      ta -= sa[left]!;
      tb -= sb[left]!;
      taa -= saa[left]!;
      tbb -= sbb[left]!;
      tab -= sab[left]!;
    }
    addRow(top, -1);
  }
  return total / ((height - window + 1) * (width - window + 1));
}

type Columns = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
