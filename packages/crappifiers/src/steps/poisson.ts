/**
 * Photon noise as PSSR2's `Poisson` has it. With x = 255·(grey − black)/(white − black) and i the mix, a pixel becomes
 * (1 − i)·x + i·P, P Poisson-distributed with mean x. Its mean stays x and its variance is i²·x: those of a detector that
 * counts 255/i² photons at white, where i = 1 is that detector exactly. Below black there are no photons, and it stays as it is.
 */
import { kernels } from "../kernels.js";
import type { Step } from "../step.js";

export const poisson: Step<"mix"> = {
  meaning: "Photon (shot) noise.",
  stages: ["optics", "detector"],
  parameters: {
    mix: {
      meaning: "Strength: 0 leaves the image, i gives the noise of 255/i² photons at white.",
      unit: "1",
      min: 0,
      max: 16,
      default: 1,
      acts: "BY_SQUARE",
    },
  },
  apply(plane, { mix }, { levels, useNoise }) {
    if (mix === 0) return;
    const { black, white, saturation: [low, high] = [black, white] } = levels;
    const unit = (white - black) / 255;
    const { bytesAt, pixels } = plane;
    useNoise();
    // An 8-bit image over its whole range, the commonest of all, has whole numbers of photons.
    const isWholeRange = black === 0 && low === 0 && white === 255 && high === 255;
    if (bytesAt !== undefined && mix === 1 && isWholeRange) {
      kernels.countPhotons(bytesAt, pixels);
      return;
    }
    const whole = bytesAt !== undefined && unit === 1 && Number.isInteger(black) && black > -256;
    kernels.blendPoisson(plane.at, pixels, black, unit, 1 - mix, 1, 0, mix * unit, whole);
  },
};
