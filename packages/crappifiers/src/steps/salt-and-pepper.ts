/** Single pixels that are white or black, as of broken detector elements and discharges; PSSR2's `SaltPepper`. */
import { kernels } from "../kernels.js";
import type { Step } from "../step.js";

const WORDS = 2 ** 32;

export const saltAndPepper: Step<"amount" | "salt"> = {
  meaning: "Single pixels that turn white (salt) or black (pepper).",
  stages: ["optics", "detector"],
  parameters: {
    amount: { meaning: "Share of the pixels that turn.", unit: "1", min: 0, max: 1, default: 0.005 },
    salt: { meaning: "Share of these that turn white.", unit: "1", min: 0, max: 1, default: 0.5 },
  },
  apply({ at, pixels }, { amount, salt }, { levels, useNoise }) {
    useNoise();
    kernels.replacePixels(at, pixels, WORDS * amount * salt, levels.white, WORDS * amount, levels.black);
  },
};
