/**
 * A camera or counting detector from end to end, in the terms of the photon transfer curve (J. R. Janesick, "Photon
 * Transfer", SPIE Press, 2007): of N photons at white, a pixel collects a Poisson-distributed number; reading adds normal
 * noise; the sum is amplified, lifted by the offset, and converted to so many bits.
 */
import { kernels } from "../kernels.js";
import type { Step } from "../step.js";

export const camera: Step<"photons" | "read_noise" | "gain" | "offset" | "bits"> = {
  meaning: "A camera: photon noise, read noise, gain, offset and conversion to whole numbers.",
  stages: ["detector"],
  parameters: {
    photons: {
      meaning: "Detected photons (electrons) of a pixel at white.",
      unit: "1",
      min: 1,
      max: 1e6,
      default: 1000,
      acts: "BY_INVERSE",
    },
    read_noise: {
      meaning: "Standard deviation of the read noise.",
      unit: "electrons",
      min: 0,
      max: 1e4,
      default: 2,
      acts: "BY_SQUARE",
      relativeTo: "photons",
    },
    gain: { meaning: "Amplification; 1 keeps white at white.", unit: "1", min: 0.01, max: 100, default: 1 },
    offset: { meaning: "Lift of all values.", unit: "(white − black) / 255", min: -255, max: 255, default: 0 },
    bits: {
      meaning: "Bits of the converter between black and white; 0: it does not round.",
      unit: "bit",
      min: 1,
      max: 16,
      none: 0,
      default: 0,
      whole: true,
    },
  },
  apply({ at, pixels }, { photons, read_noise, gain, offset, bits }, { levels, useNoise }) {
    const { black, white } = levels;
    const range = white - black;
    const photon = range / photons;
    useNoise("photons");
    kernels.blendPoisson(at, pixels, black, photon, 0, 0, (offset * range) / 255, gain * photon, false);
    if (read_noise > 0) {
      useNoise("read");
      kernels.addNormal(at, pixels, 0, gain * photon * read_noise);
    }
    if (bits > 0) kernels.quantise(at, pixels, black, range / (2 ** bits - 1));
  },
};
