/** What a fit is given, in plain types: tiles of real images, a crappifier with ranges, and how far to go. */
import type { Crappifier, Levels, StepSpec } from "@pssr/crappifiers";
import type { Dtype } from "@pssr/imaging";
import type { DarkPlace } from "../closed-forms/dark-frames.js";
import type { ParameterRange } from "../template/crappifier-template.js";

/** Pixels of one plane or of a part of it, row by row from the top left. */
export interface GreyTile {
  height: number;
  width: number;
  dtype: Dtype;
  values: Uint8Array | Uint16Array | Float32Array;
  /** Black and white, and where values are cut off if not there. */
  levels: Levels;
  /**
   * Of a high-resolution tile: the part of it that is compared once it is degraded, in low-resolution pixels; around it lies what
   * blur and sampling reach for. Absent: all of it.
   */
  inner?: { top: number; left: number; height: number; width: number };
  /** What the request calls its image, for errors: `pairs[0].low`. */
  field: string;
}

export interface TileSet {
  /** Low-resolution tiles as the microscope took them. */
  real: readonly GreyTile[];
  /** High-resolution tiles, each larger by the scale: of pairs those of the same fields in the same order, else any number of others. */
  high: readonly GreyTile[];
}

export type Objective = "FEATURES" | "PROFILE";

export type Budget = { evaluations: number } | { seconds: number };

/** Tiles of images that measure a detector. */
export interface DetectorTiles {
  scans: readonly { first: GreyTile; second: GreyTile }[];
  darkFrames: readonly DarkPlace<GreyTile>[];
}

export interface FitProblem {
  template: Crappifier;
  ranges: readonly ParameterRange[];
  /** Steps that may be left out, by their paths. */
  optional: readonly string[];
  /** Whether tiles are of pairs. */
  isPaired: boolean;
  fitted: TileSet;
  heldOut: TileSet;
  detector: DetectorTiles;
  /** What made the high-resolution images from perfect ones. */
  highNoise: readonly StepSpec[];
  objective: Objective;
  budget: Budget;
  /** 0 to 2^32 − 1. */
  seed: number;
}
