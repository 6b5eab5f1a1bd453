/** A crappifier that comes with the release, for whoever knows their microscope but not its numbers. */
import { parseCrappifier } from "../parse-crappifier.js";
import type { Crappifier } from "../spec.js";

export interface Preset {
  /** What it stands for, and how much noise it makes at half white, which a test measures. */
  description: string;
  /** Where the numbers come from: a publication, a data sheet, a measurement; or that they are assumed. */
  source: string;
  crappifier: Crappifier;
}

/** Completes the numbers with the steps' defaults. */
export function preset(description: string, source: string, crappifier: object): Preset {
  return { description, source, crappifier: parseCrappifier(crappifier, "preset") };
}
