/** What sampling leaves of the noise that high-resolution images have themselves: it is part of what low-resolution ones are compared with. */
import { type Crappifier, crappify, type Sampling, type StepSpec } from "@pssr/crappifiers";
import { type DetectorLaw, lawOf } from "./detector-law.js";

/** Low-resolution pixels that no kernel reaches across. */
const WIDE = 16;

/** In 255ths of the range, by the intensity as it is seen. */
export function referenceNoise(
  highNoise: readonly StepSpec[],
  sampling: Sampling,
): Pick<DetectorLaw, "slope" | "variance"> {
  const { slope, variance, offset } = lawOf(highNoise);
  const share = shareOf(sampling);
  return { slope: share * slope, variance: share * (variance - slope * offset) };
}

/**
 * Of the variance of noise that no two pixels share: the sum of the squares of a kernel's weights, as lines at each place of a pixel
 * tell them along one axis.
 */
function shareOf(sampling: Sampling): number {
  const { scale } = sampling;
  const [height, width] = [scale, WIDE * scale];
  const only: Crappifier = { optics: [], sampling, detector: [] };
  const levels = { black: 0, white: 1, saturation: [-Infinity, Infinity] as const };
  let squares = 0;
  for (let at = 0; at < scale; at++) {
    const data = Float32Array.from({ length: height * width }, (_, n) => (n % width === width / 2 + at ? 1 : 0));
    const key = { seed: 0n, image: "line", tile: 0, epoch: 0 };
    const line = crappify(only, { data, dtype: "float32", frames: 1, height, width }, levels, key).data;
    for (const weight of line) squares += weight ** 2;
  }
  return squares ** 2;
}
