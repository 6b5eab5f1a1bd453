/** Pairs of tiles on their way into a training, as they are stored: native numbers with the levels that scale them. */
import { PssrError } from "@pssr/api";

/** Pixels in C order, in the image's own dtype. */
export type Pixels = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

export interface TrainingBatch {
  /** Tiles in the batch. */
  readonly samples: number;
  /** Size of a low-resolution tile in pixels; the high-resolution one is `scale` times as large. */
  readonly height: number;
  readonly width: number;
  /** [samples, height, width, frames]. */
  readonly lr: Pixels;
  /** [samples, height · scale, width · scale, 1]. */
  readonly hr: Pixels;
  /** Black and white of each sample, [samples, 2]: the values that the network sees as 0 and 1, on both sides. */
  readonly levels: Float32Array<ArrayBuffer>;
}

/**
 * Supplies batches without end: the n-th of the iteration, from 0, is for step `fromStep + n`, and the same step always
 * gets the same one.
 */
export type BatchSource = (fromStep: number, options: { signal: AbortSignal }) => AsyncIterable<TrainingBatch>;

/** The buffers of a batch, to hand to another thread without a copy; the sender cannot use the batch afterwards. */
export function batchBuffers({ lr, hr, levels }: TrainingBatch): ArrayBuffer[] {
  return [...new Set([lr.buffer, hr.buffer, levels.buffer])];
}

/** Throws `SHAPE_MISMATCH` when the arrays are not of the sizes that the batch and the network claim. */
export function checkBatch(batch: TrainingBatch, scale: number, frames: number): void {
  const { samples, height, width, lr, hr, levels } = batch;
  const pixels = samples * height * width;
  const expected = { lr: pixels * frames, hr: pixels * scale * scale, levels: samples * 2 };
  const found = { lr: lr.length, hr: hr.length, levels: levels.length };
  for (const name of ["lr", "hr", "levels"] as const) {
    if (found[name] !== expected[name] || !(expected[name] > 0)) {
      throw new PssrError(
        "SHAPE_MISMATCH",
        `batch.${name}: ${found[name]} numbers; ${samples} tiles of ${height}×${width} at scale ${scale} with ${frames} frames need ${expected[name]}`,
      );
    }
  }
  for (let sample = 0; sample < samples; sample++) {
    if (!(levels[2 * sample + 1]! > levels[2 * sample]!)) {
      throw new PssrError(
        "INVALID_FIELD",
        `batch.levels: sample ${sample} has black ${levels[2 * sample]} and white ${levels[2 * sample + 1]}; white must be above black`,
      );
    }
  }
}

/** (value − black) / (white − black), sample by sample. */
export function normalise(pixels: Pixels, { samples, levels }: TrainingBatch): Float32Array {
  const result = new Float32Array(pixels.length);
  const perSample = pixels.length / samples;
  for (let sample = 0; sample < samples; sample++) {
    const black = levels[2 * sample]!;
    const gain = 1 / (levels[2 * sample + 1]! - black);
    const end = (sample + 1) * perSample;
    for (let i = sample * perSample; i < end; i++) result[i] = (pixels[i]! - black) * gain;
  }
  return result;
}
