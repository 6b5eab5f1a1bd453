/**
 * Two scans of the same field tell a detector's noise without any image that has none: half the variance of their difference,
 * against their mean (J. R. Janesick, "Photon Transfer", 2007, ch. 5). Pixels go into bins by the mean of those around them, whose
 * noise is not their own: bins by a pixel's own mean would sort by its noise too, and flatten the curve.
 *
 *     const { camera } = twoScans([{ first, second }], { black: 100, white: 4095 }, { darkFrames: [{ first: dark1, second: dark2 }] });
 */
import type { Levels } from "@pssr/crappifiers";
import { refuse } from "../refuse.js";
import { meansAround } from "../statistics/means-around.js";
import { BinnedResiduals, type Residuals } from "./binned-residuals.js";
import { fitResiduals, type Measurement } from "./curve-fit.js";
import { type DarkNoise, type DarkPlace, darkNoise, darkResiduals } from "./dark-frames.js";
import type { DetectorNoise } from "./detector-noise.js";
import { countHeight, spreadOfVariance, type ValueRange } from "./noise-law.js";
import { checkPlane, checkSameSize, FEWEST_PIXELS, type Plane, valueRange } from "./planes.js";
import { type BootstrapOptions, tilingOf } from "./tile-bootstrap.js";
import { expectedOf } from "./unreferenced.js";

export interface TwoScans {
  first: Plane;
  /** The same field, pixel by pixel, with the same settings. */
  second: Plane;
}

export interface TwoScanOptions extends BootstrapOptions {
  /** Frames without light, with the same settings: only they tell the offset, and they tell the read noise best. */
  darkFrames?: readonly DarkPlace<Plane>[];
  /** The offset in grey values, as it is known where there are none; an unknown one changes the read noise. Default: 0. */
  offset?: number;
}

/** A bin with more of its pixels cut off tells more of the law's tails than of its variance. */
const MOST_CUT = 0.3;

/**
 * @throws PssrError INVALID_FIELD with `scans[i]…`, `darkFrames…` or `levels` as the field: images of other sizes or without
 *   contrast, pixels that are no numbers, too few that are not cut off.
 */
export function twoScans(
  scans: readonly TwoScans[],
  levels: Levels,
  { darkFrames = [], offset: knownOffset = 0, ...options }: TwoScanOptions = {},
): DetectorNoise {
  if (scans.length === 0) throw refuse("scans", "there are none; give at least two scans of one field");
  scans.forEach(({ first, second }, n) => {
    checkPlane(first, `scans[${n}].first`);
    checkPlane(second, `scans[${n}].second`);
    checkSameSize(first, second, `scans[${n}]`);
  });
  const range = valueRange(
    levels,
    scans.flatMap(({ first, second }) => [first, second]),
  );
  const dark: DarkNoise | undefined = darkFrames.length > 0 ? darkNoise(darkFrames, levels, options) : undefined;
  // Dark noise that rounding hides has no variance that could be compared.
  const hasDarkNoise = dark !== undefined && dark.sigma.value > range.step / 2;
  const planes = [...scans.map(residualsOf), ...(hasDarkNoise ? darkResiduals(darkFrames) : [])];
  const binned = new BinnedResiduals(planes, tilingOf(planes));
  const between = pixelsBetween(scans, range);
  if (between < FEWEST_PIXELS) {
    throw refuse(
      "scans",
      `${between} pixels lie between ${range.low} and ${range.high} in both scans, where nothing is cut off; at least ${FEWEST_PIXELS} are needed: give more scans, or levels that fit them`,
    );
  }
  const measurement: Measurement = {
    numbersPerBin: 1,
    areDifferences: true,
    numbersOf: ({ variances }) => variances,
    predictor: (moments, counting) => {
      // What the noise of the pixels' own means adds to their spread is no structure.
      const intensityVariances = moments.intensityVariances.map((all, b) =>
        Math.max(all - moments.variances[b]! / 2, 0),
      );
      const structure = { ...moments, intensityVariances };
      return (law) => {
        const height = countHeight(law, counting, range);
        const uncertainties = new Float64Array(moments.counts.length).fill(Infinity);
        const values = moments.counts.map((count, b) => {
          if (count < 2) return 0;
          const { variance, intensity, cut } = expectedOf(structure, b, law, height, range);
          const spread = spreadOfVariance(variance, intensity, law, height, range);
          if (cut <= MOST_CUT) uncertainties[b] = spread / count;
          return variance;
        });
        return { values, variances: uncertainties };
      };
    },
  };
  const found = fitResiduals(binned, measurement, range, dark?.offset.value ?? knownOffset, options);
  if (dark === undefined) return found;
  const { gaussian, offset } = dark;
  return {
    ...found,
    offset,
    camera: { ...found.camera, offset: gaussian.mean },
    gaussian: { ...found.gaussian, mean: gaussian.mean },
  };
}

function residualsOf({ first, second }: TwoScans): Residuals {
  const { height, width } = first;
  const intensities = Float32Array.from(first.values, (value, n) => (value + second.values[n]!) / 2);
  return {
    height,
    width,
    keys: meansAround(intensities, height, width),
    intensities,
    residuals: Float32Array.from(first.values, (value, n) => (value - second.values[n]!) / Math.SQRT2),
  };
}

function pixelsBetween(scans: readonly TwoScans[], { low, high }: ValueRange): number {
  const isBetween = (value: number) => value > low && value < high;
  let pixels = 0;
  for (const { first, second } of scans) {
    first.values.forEach((value, n) => {
      if (isBetween(value) && isBetween(second.values[n]!)) pixels++;
    });
  }
  return pixels;
}
