/**
 * What a crappifier's step is: a name, parameters with unit and bounds, and a kernel that changes a tile in place. One
 * file in `steps/` holds one step; `steps/registry.ts` names them all. Another kernel (WebAssembly, tables) for the
 * same step keeps this interface, and the words that a pixel gets, so the results stay the same.
 */
import type { NoiseStream } from "./random/noise-stream.js";

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

/** One parameter of a step, as documented to users and checked in a specification. */
export interface StepParameter {
  meaning: string;
  unit: string;
  /** Inclusive bounds, of the value and of every draw around it. */
  min: number;
  max: number;
  /** Value where a specification names none. */
  default: number;
}

export type Stage = "optics" | "detector";

/** A tile under work: `frames` planes of `height` rows of `width` grey values, frame by frame, row by row. */
export interface WorkTile {
  values: Float32Array;
  frames: number;
  height: number;
  width: number;
  /** Whether every value is still one of the whole numbers 0 to 255, as in an 8-bit image that no step has changed. */
  byteValued: boolean;
}

export interface StepContext {
  levels: Levels;
  /** Noise of one frame: independent between frames and steps. */
  stream(frame: number): NoiseStream;
}

export interface Step<Name extends string = string> {
  meaning: string;
  stages: readonly Stage[];
  parameters: Readonly<Record<Name, StepParameter>>;
  /** Changes the tile's values in place. The caller clips them to the saturation levels afterwards. */
  apply(tile: WorkTile, parameters: Readonly<Record<Name, number>>, context: StepContext): void;
}
