/** Another response than a straight one: with x from 0 at black to 1 at white, x becomes gain·x^gamma + offset. */
import { kernels } from "../kernels.js";
import type { Step } from "../step.js";

export const contrast: Step<"gamma" | "gain" | "offset"> = {
  meaning: "Gamma, contrast and brightness.",
  stages: ["optics", "detector"],
  parameters: {
    gamma: { meaning: "Exponent; below 1 lifts the dark parts.", unit: "1", min: 0.1, max: 10, default: 1 },
    gain: { meaning: "Factor of the contrast.", unit: "1", min: 0, max: 10, default: 1 },
    offset: { meaning: "Brightness added.", unit: "(white − black) / 255", min: -255, max: 255, default: 0 },
  },
  apply({ at, pixels }, { gamma, gain, offset }, { levels }) {
    kernels.applyGamma(at, pixels, levels.black, levels.white - levels.black, gamma, gain, offset / 255);
  },
};
