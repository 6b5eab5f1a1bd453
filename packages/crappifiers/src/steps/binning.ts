/** Pixels that are read out together: blocks of equal value. What makes the image smaller is the sampling, not this. */
import { kernels } from "../kernels.js";
import type { Step } from "../step.js";

export const binning: Step<"size"> = {
  meaning: "Blocks of pixels that are read out together, each with its mean.",
  stages: ["optics", "detector"],
  parameters: {
    size: { meaning: "Pixels along a block's side.", unit: "pixels", min: 1, max: 64, default: 2, whole: true },
  },
  rowsAround({ size }) {
    return size - 1;
  },
  apply({ at, height, width, firstRow }, { size }) {
    kernels.binPixels(at, height, width, size, firstRow);
  },
};
