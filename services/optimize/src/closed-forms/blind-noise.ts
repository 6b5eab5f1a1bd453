/**
 * The noise of single images, without any clean ones: what is left of them after J. Immerkær's difference of two Laplacians
 * ("Fast noise variance estimation", Comput. Vis. Image Underst. 64, 1996), which smooth structure does not pass. Blocks are compared
 * with others of about their brightness, and the quieter ones count: structure that does pass makes a block louder, never quieter.
 * Noise has to be independent from pixel to pixel: of blurred or interpolated noise only a part is seen. Intervals are those of the
 * sampling alone; what structure adds is not in them.
 *
 *     const { camera, poisson } = blindNoise([image], { black: 0, white: 255 });
 */
import type { Levels } from "@pssr/crappifiers";
import { refuse } from "../refuse.js";
import type { BinMoments } from "./binned-residuals.js";
import { firstLaw, fitMoments, type Measurement } from "./curve-fit.js";
import type { DetectorNoise } from "./detector-noise.js";
import { countHeight, leastVariance, spreadOfVariance, type ValueRange } from "./noise-law.js";
import { checkPlane, type Plane, valueRange } from "./planes.js";
import { BLOCK_PIXELS, BLOCK_SIDE, type Block, blocksOf, QuietBin, quietQuantile } from "./quiet-blocks.js";
import { type BootstrapOptions, draws, tilingOf } from "./tile-bootstrap.js";
import { expectedOf } from "./unreferenced.js";

export interface BlindNoiseOptions extends BootstrapOptions {
  /** What the detector lifts all values by, in grey values, where that is known. Default: 0. */
  offset?: number;
}

const FEWEST_BLOCKS = 64;
const MOST_BINS = 16;
const FEWEST_IN_BIN = 48;
/** A bin with more of its pixels cut off tells more of the law's tails than of its variance. */
const MOST_CUT = 0.3;

/**
 * @throws PssrError INVALID_FIELD with `images…` or `levels` as the field: images without contrast, pixels that are no numbers, too
 *   few that are not cut off.
 */
export function blindNoise(
  images: readonly Plane[],
  levels: Levels,
  { offset = 0, ...options }: BlindNoiseOptions = {},
): DetectorNoise {
  if (images.length === 0) throw refuse("images", "there are none; give at least one");
  images.forEach((image, n) => {
    checkPlane(image, `images[${n}]`);
  });
  const range = valueRange(levels, images);
  const tiling = tilingOf(images);
  const blocks = blocksOf(images, tiling, range);
  if (blocks.length < FEWEST_BLOCKS) {
    throw refuse(
      "images",
      `${blocks.length} blocks of ${BLOCK_SIDE}×${BLOCK_SIDE} pixels are not cut off at ${range.low} or ${range.high}; at least ${FEWEST_BLOCKS} are needed: give more or larger images, or levels that fit them`,
    );
  }
  const bins = binsOf(blocks);
  const moments = momentsOf(bins);
  const samples = function* () {
    for (const times of draws(tiling.count, options)) yield momentsOf(bins, times);
  };
  const free = { slope: true, variance: true, offset: false };
  const start = firstLaw(moments, range, offset);
  return fitMoments(moments, samples(), measurementOf(range), range, start, free);
}

/** Of about equal numbers of blocks, from dark to bright. */
function binsOf(blocks: readonly Block[]): QuietBin[] {
  const sorted = [...blocks].sort((a, b) => a.mean - b.mean);
  const count = Math.max(1, Math.min(MOST_BINS, Math.floor(sorted.length / FEWEST_IN_BIN)));
  const edge = (n: number) => Math.round((n * sorted.length) / count);
  return Array.from({ length: count }, (_, n) => new QuietBin(sorted.slice(edge(n), edge(n + 1))));
}

/** The quiet quantiles take the variances' place, corrected to those of normal noise. */
function momentsOf(bins: readonly QuietBin[], times?: Float64Array): BinMoments {
  const { value } = quietQuantile(0);
  const of = bins.map((bin) => bin.moments(times));
  const variances = Float64Array.from(of, ({ quiet }) => quiet / value);
  return {
    counts: Float64Array.from(of, ({ count }) => count * BLOCK_PIXELS),
    intensities: Float64Array.from(of, ({ mean }) => mean),
    intensityVariances: Float64Array.from(of, ({ varianceOfMeans }, b) =>
      Math.max(varianceOfMeans - variances[b]! / BLOCK_PIXELS, 0),
    ),
    means: new Float64Array(bins.length),
    variances,
  };
}

function measurementOf(range: ValueRange): Measurement {
  const { value: ofNormal } = quietQuantile(0);
  return {
    numbersPerBin: 1,
    areDifferences: true,
    numbersOf: ({ variances }) => variances,
    predictor: (moments, counting) => (law) => {
      const height = countHeight(law, counting, range);
      const uncertainties = new Float64Array(moments.counts.length).fill(Infinity);
      const values = moments.counts.map((count, b) => {
        const { variance, intensity, cut } = expectedOf(moments, b, law, height, range);
        const seen = Math.max(variance, leastVariance(range));
        const kurtosis = spreadOfVariance(variance, intensity, law, height, range) / seen ** 2 - 2;
        const quiet = quietQuantile(kurtosis);
        if (count > 0 && cut <= MOST_CUT) {
          uncertainties[b] = (quiet.variance * (seen / ofNormal) ** 2 * BLOCK_PIXELS) / count;
        }
        return (variance * quiet.value) / ofNormal;
      });
      return { values, variances: uncertainties };
    },
  };
}
