/** Measures a training on tiles it does not learn from, against plain enlargement. */
import { PssrError } from "@pssr/api";
import { createPixelArray, psnr, ssim } from "@pssr/imaging";
import type { Restoration, Trainer } from "./trainer.js";
import type { TrainingBatch } from "./training-batch.js";

export interface Quality {
  /** Peak signal-to-noise ratio in dB, the mean over tiles; the peak is white − black. At most 100, for equal tiles. */
  readonly psnr: number;
  /** Structural similarity, the mean over tiles. */
  readonly ssim: number;
}

export interface ValidationReport {
  readonly tiles: number;
  readonly restored: Quality;
  /** The bilinear enlargement of the same tiles (at scale 1 the noisy tile itself). */
  readonly bilinear: Quality;
  /** The first tile, for a picture of before and after, with black at 0 and white at 1. */
  readonly example: Restoration;
}

/** Equal tiles have no noise at all; their infinite ratio would hide all others in the mean. */
const mostPsnr = 100;

/** Throws `DATASET_EMPTY` without tiles; tiles are at least seven pixels wide and high on the high-resolution side. */
export function validate(trainer: Trainer, batches: readonly TrainingBatch[]): ValidationReport {
  let example: Restoration | undefined;
  const sums = { tiles: 0, restored: { psnr: 0, ssim: 0 }, bilinear: { psnr: 0, ssim: 0 } };
  for (const batch of batches) {
    const restoration = trainer.restore(batch);
    const { samples, height, width, original } = restoration;
    example ??= firstOf(restoration);
    sums.tiles += samples;
    for (let sample = 0; sample < samples; sample++) {
      const tile = (values: Float32Array) =>
        createPixelArray(
          "yx",
          [height, width],
          values.subarray(sample * height * width, (sample + 1) * height * width),
        );
      for (const kind of ["restored", "bilinear"] as const) {
        sums[kind].psnr += Math.min(mostPsnr, psnr(tile(original), tile(restoration[kind]), 1));
        sums[kind].ssim += ssim(tile(original), tile(restoration[kind]), 1);
      }
    }
  }
  if (example === undefined) throw new PssrError("DATASET_EMPTY", "validation: there is no tile to measure on");
  const mean = ({ psnr, ssim }: Quality) => ({ psnr: psnr / sums.tiles, ssim: ssim / sums.tiles });
  return { tiles: sums.tiles, restored: mean(sums.restored), bilinear: mean(sums.bilinear), example };
}

function firstOf({ height, width, restored, bilinear, original }: Restoration): Restoration {
  const size = height * width;
  return {
    samples: 1,
    height,
    width,
    restored: restored.slice(0, size),
    bilinear: bilinear.slice(0, size),
    original: original.slice(0, size),
  };
}
