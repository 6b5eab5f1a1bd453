/**
 * What a crappifier's step is: a name, parameters with unit and bounds, and a way to change a plane in place.
 * One file in `steps/` holds one step; `steps/registry.ts` names them all. Whatever a step computes, equal words give
 * equal results on every machine: its loops are kernels, and JavaScript's own `Math.exp` and the like stay out of it.
 */
import type { Plane } from "./plane.js";

/** The intensities that a crappifier's numbers refer to, in the image's own grey values. */
export interface Levels {
  /** The grey value of no signal. */
  black: number;
  /** The grey value of full signal, above black. A noise unit is (white − black) / 255. */
  white: number;
  /**
   * Smallest and largest grey value that a step may leave behind. Default: black and white, as a detector of that range
   * saturates. Name the data type's range where black and white are percentiles that pixels lie outside of.
   */
  saturation?: readonly [low: number, high: number];
}

/** What is known of an image beside its pixels. */
export interface Calibration extends Levels {
  /** Side of a high-resolution pixel in nanometres; absent: unknown. */
  pixelSizeNm?: number | undefined;
}

/** One parameter of a step, as documented to users and checked in a specification. */
export interface StepParameter {
  meaning: string;
  unit: string;
  /** Inclusive bounds, of the value and of every draw around it. */
  min: number;
  max: number;
  /** Value where a specification names none. */
  default: number;
  /** A value outside the bounds that says that there is none; it has no spread, and no other draw comes to it. */
  none?: number;
  /** Whether only whole numbers make sense: draws are rounded. */
  whole?: true;
  /**
   * How variance changes with it: with the square of what is a standard deviation, or in proportion to one, and with the inverse of
   * a number of photons. Absent: otherwise.
   */
  acts?: "BY_SQUARE" | "BY_INVERSE";
  /** The step's parameter that it is a number of: what the two do depends on their ratio. */
  relativeTo?: string;
}

export type Stage = "optics" | "detector";

/** The grid of pixels that a stage works on. */
export interface StageGrid {
  height: number;
  width: number;
  /** Side of a pixel in nanometres; undefined: unknown. */
  pixelSizeNm: number | undefined;
}

export interface StepContext {
  levels: Levels;
  grid: StageGrid;
  /**
   * Kernels that run from now on draw the noise of this step on this frame: independent between frames and steps. A step
   * that needs several independent noises names them.
   */
  useNoise(part?: string): void;
  /** The same with a number for each row of the frame instead of each pixel, from the given row on. */
  useRowNoise(firstRow: number): void;
}

export interface StepProblem<Name extends string = string> {
  parameter: Name;
  /** What is wrong, what was expected, and what to do. */
  message: string;
}

export interface Step<Name extends string = string> {
  meaning: string;
  stages: readonly Stage[];
  parameters: Readonly<Record<Name, StepParameter>>;
  /** What keeps the step from working on a grid with these values, if anything does: a parameter, and the reason. */
  problem?(parameters: Readonly<Record<Name, number>>, grid: StageGrid): StepProblem<Name> | undefined;
  /**
   * Rows above and below a band that its values depend on; what lies further away makes no difference. Default: none.
   */
  rowsAround?(parameters: Readonly<Record<Name, number>>, grid: StageGrid): number;
  /** Changes the plane's values in place. The caller clips them to the saturation levels afterwards. */
  apply(plane: Plane, parameters: Readonly<Record<Name, number>>, context: StepContext): void;
}
