/** What a fit asks for while it runs, and what it ends with, in plain types. */
import type { Crappifier } from "@pssr/crappifiers";
import type { Estimate } from "../closed-forms/detector-noise.js";
import type { NoiseDistance } from "../statistics/noise-features.js";
import type { GreyTile } from "./fit-problem.js";

export type Phase = "START" | "SEARCH" | "DESCENT" | "INTERVALS" | "HELD_OUT";

/** A crappifier to look at: its caller degrades all high-resolution tiles of the set with it, and tells what comes out. */
export interface Look {
  /** Counted from 1. */
  index: number;
  phase: Phase;
  crappifier: Crappifier;
  tiles: "FITTED" | "HELD_OUT";
  /** Tile n is degraded with the seed `seed + n`. */
  seed: bigint;
}

/** What a fit tells of a look that it has taken. */
export interface TakenLook {
  index: number;
  phase: Phase;
  /** One number for each range, in the template's order. */
  values: readonly number[];
  /** The optional steps that were part of it. */
  steps: readonly string[];
  /** What the objective gave; lower is better. */
  distance: number;
  /** The least so far on the fitted tiles, and its numbers. */
  best: number;
  bestValues: readonly number[];
  /** At work since the fit began, over all attempts. */
  elapsedMs: number;
}

/** The same with what the fit needs to go on from it without degrading anything again. */
export interface KeptLook extends TakenLook {
  /** Statistics of its tiles; only the fit reads them. */
  statistics: Uint8Array;
}

export interface FittedParameter {
  path: string;
  value: number;
  /** Ends of the 95 % interval. */
  low: number;
  high: number;
  isIdentified: boolean;
  sensitivity: number;
}

export interface Goodness {
  ratio: number;
  low: number;
  high: number;
  terms: NoiseDistance;
  /** Of the template's own numbers; undefined: not measured. */
  templateRatio: number | undefined;
}

export type FindingKind =
  | "EDGE_OF_RANGE"
  | "NOT_IDENTIFIED"
  | "POOR_FIT"
  | "CLIPPED"
  | "FEW_TILES"
  | "DISPLACED"
  | "NO_CLOSED_FORM"
  | "BUDGET_SPENT"
  | "OTHER_BRIGHTNESS";

export interface Finding {
  kind: FindingKind;
  subject: string;
  message: string;
}

export interface DetectorMeasurement {
  method: "PAIRS" | "TWO_SCANS" | "DARK_FRAMES" | "BLIND";
  /** By the parameter's name, such as `camera.photons`. */
  estimates: Readonly<Record<string, Estimate>>;
  misfit: number;
}

export interface Comparison {
  profile: readonly { difference: number; real: number; simulated: number }[];
  intensity: readonly {
    intensity: number;
    realMean: number;
    simulatedMean: number;
    realVariance: number;
    simulatedVariance: number;
  }[];
  spectrum: readonly {
    direction: "ALONG_X" | "ALONG_Y" | "ROWS";
    frequency: number;
    real: number;
    simulated: number;
  }[];
  /** Parts of a tile held back. */
  real: GreyTile;
  simulated: GreyTile;
}

export interface FitOutcome {
  crappifier: Crappifier;
  parameters: readonly FittedParameter[];
  /** The optional steps that are part of it. */
  kept: readonly string[];
  findings: readonly Finding[];
  detector: readonly DetectorMeasurement[];
  distance: number;
  /** What of it is chance, were the crappifier the real one about all; undefined: not measured. */
  expectedDistance: number | undefined;
  fittedTiles: number;
  heldOutTiles: number;
  /** Undefined where only a detector was measured, or too few tiles are held back. */
  goodness: Goodness | undefined;
  comparison: Comparison | undefined;
}
