/**
 * Additive normal noise, independent per pixel, as PSSR2's `AdditiveGaussian` has it (its gain is our mean, its
 * intensity our sigma): with x = 255·(grey − black)/(white − black), a pixel becomes x + N(mean, sigma²).
 */
import { kernels } from "../kernels.js";
import type { Step } from "../step.js";

export const gaussian: Step<"mean" | "sigma"> = {
  meaning: "Additive Gaussian noise: of the electronics, or an approximation of many photons' noise.",
  stages: ["optics", "detector"],
  parameters: {
    mean: { meaning: "Mean of the noise.", unit: "(white − black) / 255", min: -255, max: 255, default: 0 },
    sigma: {
      meaning: "Its standard deviation.",
      unit: "(white − black) / 255",
      min: 0,
      max: 255,
      default: 13,
      acts: "BY_SQUARE",
    },
  },
  apply(plane, { mean, sigma }, { levels, useNoise }) {
    const unit = (levels.white - levels.black) / 255;
    useNoise();
    kernels.addNormal(plane.at, plane.pixels, mean * unit, sigma * unit);
  },
};
