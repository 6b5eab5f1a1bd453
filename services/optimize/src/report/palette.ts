/** Colours of a report: few, muted, and told apart by those who do not see all of them. */
import type { Colour } from "./surface.js";

export const palette = {
  paper: "#ffffff",
  text: "#1c2733",
  muted: "#5f6b78",
  axis: "#8a94a0",
  grid: "#e8ebef",
  real: "#1f3b57",
  simulated: "#d9730d",
  warning: "#a63a1e",
} as const satisfies Record<string, Colour>;
