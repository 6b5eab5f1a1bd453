/** Blur by a Gaussian: of a probe or a lens whose spot is known in pixels, or by whatever else; PSSR2's `Blur`. */
import { blur, blurProblem, blurReach } from "../blur.js";
import type { Step } from "../step.js";

export const gaussianBlur: Step<"sigma"> = {
  meaning: "Blur by a Gaussian.",
  stages: ["optics", "detector"],
  parameters: {
    sigma: {
      meaning: "Its standard deviation.",
      unit: "pixels of the stage's grid",
      min: 0,
      max: 64,
      default: 2,
      acts: "BY_SQUARE",
    },
  },
  problem({ sigma }, grid) {
    return blurProblem("sigma", sigma, grid);
  },
  rowsAround({ sigma }) {
    return blurReach(sigma);
  },
  apply(plane, { sigma }) {
    blur(plane, sigma);
  },
};
