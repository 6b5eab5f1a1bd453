/**
 * Scanning electron microscopes. The beam is finer than a pixel's step, so a coarse scan skips what lies between: POINT. Noise
 * does not fall towards black, as dark pixels are those of much signal wherever contrast is inverted: Gaussian. The measurement
 * is test/golden/measure-noise.mjs.
 */
import { preset } from "./preset.js";

const measured =
  "Measured on 50 FIB-SEM slices (github.com/janelia-flyem/neuroproof_examples, 10 nm): a standard deviation of 3.2 / 255 in flat places at half white (3.5 in dark ones, 2.6 in bright ones). A twentieth of the dwell time makes it √20 times as large.";

/** 3.2 · √20. */
const fastScan = { kind: "gaussian", sigma: { value: 14 } };

export const electronMicroscopy = {
  "em-fast-scan": preset(
    "Electron microscope, scanned fast: one pixel of 16, each with a twentieth of the dwell time. Noise of about 14 / 255 at half white.",
    measured,
    { sampling: { scale: 4, kernel: "POINT" }, detector: [fastScan] },
  ),
  "em-charging": preset(
    "The same on a sample that charges: rows in bands, brighter and darker. Noise of about 16 / 255 at half white, bands included.",
    `${measured} The bands (8 / 255, alike over 16 rows) are assumed: strong enough to be seen beside the noise.`,
    {
      sampling: { scale: 4, kernel: "POINT" },
      detector: [{ kind: "brightness_bands", amplitude: { value: 8 }, length: { value: 16 } }, fastScan],
    },
  ),
} as const;
