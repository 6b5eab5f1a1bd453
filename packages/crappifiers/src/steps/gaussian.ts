/**
 * Additive normal noise, independent per pixel, as PSSR2's `AdditiveGaussian` has it (its gain is our mean, its
 * intensity our sigma): with x = 255·(grey − black)/(white − black), a pixel becomes x + N(mean, sigma²).
 */
import { type NoiseStream, WORDS_PER_BLOCK } from "../random/noise-stream.js";
import { normalFromWord } from "../random/normal.js";
import type { Step } from "../step.js";

const CHUNK = 4096;

export const gaussian: Step<"mean" | "sigma"> = {
  meaning: "Additive Gaussian noise: of the electronics, or an approximation of many photons' noise.",
  stages: ["optics", "detector"],
  parameters: {
    mean: { meaning: "Mean of the noise.", unit: "(white − black) / 255", min: -255, max: 255, default: 0 },
    sigma: { meaning: "Its standard deviation.", unit: "(white − black) / 255", min: 0, max: 255, default: 13 },
  },
  /** Pixel n of a frame takes word n. */
  apply(tile, { mean, sigma }, { levels, stream: streamOf }) {
    const unit = (levels.white - levels.black) / 255;
    const offset = mean * unit;
    const deviation = sigma * unit;
    const words = new Uint32Array(CHUNK);
    const size = tile.height * tile.width;
    for (let frame = 0; frame < tile.frames; frame++) {
      const stream = streamOf(frame);
      const values = tile.values.subarray(frame * size, (frame + 1) * size);
      for (let start = 0; start < size; start += CHUNK) {
        stream.fill(words, start / WORDS_PER_BLOCK);
        addNoise(values.subarray(start, start + CHUNK), words, stream, start, offset, deviation);
      }
    }
  },
};

/** `start` is the first value's pixel number in the frame. */
function addNoise(
  values: Float32Array,
  words: Uint32Array,
  stream: NoiseStream,
  start: number,
  offset: number,
  deviation: number,
): void {
  for (let n = 0; n < values.length; n++) {
    values[n] = values[n]! + (offset + deviation * normalFromWord(words[n]!, stream, start + n));
  }
}
