/** The crappifiers of PSSR and PSSR2, in our terms: what networks in the literature have been trained with. */
import { preset } from "./preset.js";

const pssr2 =
  "https://doi.org/10.1186/s44330-024-00020-5 (PSSR2, BMC Methods 2024), with the defaults of its package pssr 2.4.0";
const pssr1 =
  "https://doi.org/10.1038/s41592-021-01080-z (PSSR, Nature Methods 2021), as its code has it: github.com/BPHO-Salk/PSSR, utils/crappifiers.py";

/** Of Gaussian noise with a variance of `share` · signal, in units of white: the mix with the same variance. */
const mixOfVariance = (share: number) => Math.round(Math.sqrt(255 * share) * 100) / 100;

export const published = {
  "pssr2-poisson": preset(
    "PSSR2's default: downsampled, then the noise of 255 photons at white. Noise of about 11 / 255 at half white.",
    `${pssr2}: Poisson(intensity = 1).`,
    { sampling: { scale: 4, kernel: "BILINEAR" }, detector: [{ kind: "poisson", mix: { value: 1 } }] },
  ),
  "pssr2-gaussian": preset(
    "PSSR2's other noise: downsampled, then the same noise everywhere. Noise of about 13 / 255 at half white.",
    `${pssr2}: AdditiveGaussian(intensity = 13).`,
    { sampling: { scale: 4, kernel: "BILINEAR" }, detector: [{ kind: "gaussian", sigma: { value: 13 } }] },
  ),
  "pssr1-em": preset(
    "PSSR's electron microscopy: strong noise on the large image, of which every fourth pixel is taken. Noise of about 40 / 255 at half white.",
    `${pssr1}: em_AG_D_sameas_preprint, a variance of 0.05 · signal. Its noise is normal, ours counts 20 photons at white: the same variance, skewed in the dark.`,
    { optics: [{ kind: "poisson", mix: { value: mixOfVariance(0.05) } }], sampling: { scale: 4, kernel: "POINT" } },
  ),
  "pssr1-fluorescence": preset(
    "PSSR's fluorescence: very strong noise, salt and pepper on the large image, averaged away by downsampling in part. Noise of about 15 / 255 at half white.",
    `${pssr1}: new_crap_AG_SP, a variance of 0.5 · signal, then half a percent of salt and of pepper, then rescaled. Its noise is normal, ours counts 2 photons at white; what lies beyond white is cut off in both.`,
    {
      optics: [
        { kind: "poisson", mix: { value: mixOfVariance(0.5) } },
        { kind: "salt_and_pepper", amount: { value: 0.01 }, salt: { value: 0.5 } },
      ],
      sampling: { scale: 4, kernel: "BILINEAR" },
    },
  ),
} as const;
