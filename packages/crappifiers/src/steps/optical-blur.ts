/**
 * Blur of a lens: the Gaussian that comes nearest to the point spread function of an ideal wide-field fluorescence
 * microscope, σ = √2·λ / (2π·NA) = 0.225·λ/NA in the paraxial approximation (B. Zhang, J. Zerubia and J.-C. Olivo-Marin,
 * "Gaussian approximations of fluorescence microscope point-spread function models", Appl. Opt. 46, 2007, table 1).
 */
import { blur, blurProblem, blurReach } from "../blur.js";
import type { StageGrid, Step } from "../step.js";

const SIGMA_PER_WAVELENGTH = Math.SQRT2 / (2 * Math.PI);

export const opticalBlur: Step<"numerical_aperture" | "wavelength" | "pixel_size"> = {
  meaning: "Blur of an ideal lens, from its numerical aperture and the light's wavelength.",
  stages: ["optics", "detector"],
  parameters: {
    numerical_aperture: {
      meaning: "Numerical aperture of the objective.",
      unit: "1",
      min: 0.05,
      max: 1.7,
      default: 1.4,
    },
    wavelength: { meaning: "Wavelength of the emitted light.", unit: "nm", min: 1, max: 2000, default: 520 },
    pixel_size: {
      meaning: "Side of a pixel of the stage's grid; 0: as the image says.",
      unit: "nm",
      min: 0.01,
      max: 1e6,
      none: 0,
      default: 0,
    },
  },
  problem(parameters, grid) {
    if (pixelSize(parameters, grid) === undefined) {
      return {
        parameter: "pixel_size",
        message:
          "not every image tells the size of its pixels: give it here, or import with theirs those that do not (`pssr images list` shows them); a dataset that was made before is to be created again",
      };
    }
    return blurProblem("wavelength", deviation(parameters, grid), grid);
  },
  rowsAround(parameters, grid) {
    return blurReach(deviation(parameters, grid));
  },
  apply(plane, parameters, { grid }) {
    blur(plane, deviation(parameters, grid));
  },
};

type Parameters = Readonly<Record<"numerical_aperture" | "wavelength" | "pixel_size", number>>;

/** In pixels of the grid. */
function deviation(parameters: Parameters, grid: StageGrid): number {
  const side = pixelSize(parameters, grid);
  if (side === undefined) throw new Error("the size of a pixel is unknown: checkFit has not been asked");
  return (SIGMA_PER_WAVELENGTH * parameters.wavelength) / parameters.numerical_aperture / side;
}

function pixelSize({ pixel_size }: Parameters, { pixelSizeNm }: StageGrid): number | undefined {
  return pixel_size || pixelSizeNm || undefined;
}
