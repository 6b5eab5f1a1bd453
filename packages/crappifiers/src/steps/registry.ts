/** All steps, by the name that a specification calls them. A new step is its file, a line here, and one in the contract. */
import { binning } from "./binning.js";
import { brightnessBands } from "./brightness-bands.js";
import { camera } from "./camera.js";
import { contrast } from "./contrast.js";
import { drift } from "./drift.js";
import { gaussian } from "./gaussian.js";
import { gaussianBlur } from "./gaussian-blur.js";
import { lineJitter } from "./line-jitter.js";
import { opticalBlur } from "./optical-blur.js";
import { poisson } from "./poisson.js";
import { saltAndPepper } from "./salt-and-pepper.js";
import { speckle } from "./speckle.js";

export const steps = {
  poisson,
  gaussian,
  camera,
  salt_and_pepper: saltAndPepper,
  speckle,
  gaussian_blur: gaussianBlur,
  optical_blur: opticalBlur,
  line_jitter: lineJitter,
  drift,
  brightness_bands: brightnessBands,
  contrast,
  binning,
} as const;

export type StepKind = keyof typeof steps;
