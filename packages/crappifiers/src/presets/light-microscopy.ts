/**
 * Fluorescence microscopes. A scanned spot takes the place of a point: POINT. A camera's larger pixel collects the light of its
 * whole area: AREA. The photons are those of a low-resolution pixel at white. The measurement of the W2S data is test/golden/measure-noise.mjs.
 */
import { preset } from "./preset.js";

const photonCounting =
  "Zeiss LSM 710 / ConfoCor 3, operating manual M60-1-0025 (2010), photon counting: at most 4 photons per µs";
const hundredPhotons =
  "Photons at white: of the order of 100 per pixel (Y. Zhang et al., A Poisson–Gaussian denoising dataset with real fluorescence microscopy images, CVPR 2019, arXiv:1812.10366).";
const readNoise =
  "Read noise: a median of 1.38 electrons (Andor Zyla 5.5, hardware manual of the Zyla sCMOS 2.0 rev. 18, section 2.3).";
const scmos = { kind: "camera", photons: { value: 100 }, read_noise: { value: 1.4 } };

export const lightMicroscopy = {
  "confocal-low-light": preset(
    "Confocal microscope that counts photons in little light: 10 at white. Noise of about 56 / 255 at half white.",
    `${photonCounting}, 10 in a dwell time of 2.56 µs. Counting has no read noise.`,
    {
      sampling: { scale: 4, kernel: "POINT" },
      detector: [{ kind: "camera", photons: { value: 10 }, read_noise: { value: 0 } }],
    },
  ),
  "confocal-resonant": preset(
    "Confocal microscope with a resonant scanner: lines that begin early or late, and 4 photons at white. Noise of about 79 / 255 at half white.",
    `${photonCounting}; at 8 kHz, both ways, a line of 512 pixels leaves 0.12 µs a pixel, with 8 lines averaged 1 µs. That lines jitter is reported (e.g. PMC7679194); one pixel of the large image is assumed.`,
    {
      optics: [{ kind: "line_jitter", sigma: { value: 1 } }],
      sampling: { scale: 4, kernel: "POINT" },
      detector: [{ kind: "camera", photons: { value: 4 }, read_noise: { value: 0 } }],
    },
  ),
  "widefield-scmos": preset(
    "Wide-field microscope with an sCMOS camera and a short exposure: 100 photons at white. Noise of about 18 / 255 at half white.",
    `${hundredPhotons} ${readNoise}`,
    { sampling: { scale: 4, kernel: "AREA" }, detector: [scmos] },
  ),
  "widefield-low-na": preset(
    "The same camera behind a lens of numerical aperture 0.5 at 520 nm; images must tell the size of their pixels. Noise of about 18 / 255 at half white.",
    `Blur: B. Zhang, J. Zerubia, J.-C. Olivo-Marin, Appl. Opt. 46 (2007), table 1. The aperture is an example: give your own. ${hundredPhotons} ${readNoise}`,
    {
      optics: [{ kind: "optical_blur", numerical_aperture: { value: 0.5 }, wavelength: { value: 520 } }],
      sampling: { scale: 4, kernel: "AREA" },
      detector: [scmos],
    },
  ),
  "widefield-single-frame": preset(
    "Wide-field microscope, one frame where others average hundreds: 12 photons at white. Noise of about 53 / 255 at half white.",
    "Measured on 60 pairs of the W2S data (R. Zhou et al., ECCV Workshops 2020), one frame against the mean of 400: variance against signal, fitted by a line, gives a median of 12 photons at white (quartiles 7 and 31) and a read noise of 0.6 electrons.",
    {
      sampling: { scale: 4, kernel: "AREA" },
      detector: [{ kind: "camera", photons: { value: 12 }, read_noise: { value: 0.6 } }],
    },
  ),
} as const;
