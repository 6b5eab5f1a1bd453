/** Noise in proportion to the signal, as of an unsteady light source or coherent light: x becomes x·(1 + N(0, sigma²)). */
import { kernels } from "../kernels.js";
import type { Step } from "../step.js";

export const speckle: Step<"sigma"> = {
  meaning: "Noise in proportion to the signal.",
  stages: ["optics", "detector"],
  parameters: {
    sigma: {
      meaning: "Its standard deviation.",
      unit: "share of the signal",
      min: 0,
      max: 4,
      default: 0.1,
      acts: "BY_SQUARE",
    },
  },
  apply({ at, pixels }, { sigma }, { levels, useNoise }) {
    useNoise();
    kernels.multiplyNormal(at, pixels, levels.black, sigma);
  },
};
