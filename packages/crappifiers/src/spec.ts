/**
 * A crappifier as a plain value: what is written in a request, stored with a dataset or a model, and run. Its JSON form:
 *
 *     { "optics": [], "sampling": { "scale": 4, "kernel": "BILINEAR" },
 *       "detector": [{ "kind": "poisson", "mix": { "value": 1, "spread": 0 } }] }
 */
import type { StepKind, steps } from "./steps/registry.js";

/** Drawn once per tile (per 2.5-D window) from a normal distribution, then held within the parameter's bounds. */
export interface Parameter {
  /** Mean of the draw, in the parameter's unit. */
  value: number;
  /** Standard deviation of the draw, in the parameter's unit; 0: always the value itself. */
  spread: number;
}

/** One of our steps: its kind, and a `Parameter` for each name the registry gives it. */
export type OwnStepSpec = {
  [Kind in StepKind]: { kind: Kind } & { [Name in keyof (typeof steps)[Kind]["parameters"]]: Parameter };
}[StepKind];

/** A step that another server takes, which alone knows what its parameters mean. */
export interface ExternalStepSpec {
  kind: "external";
  /** `host:port`, as the installation allows it. */
  address: string;
  /** By name, in the alphabet's order: draws go by it. */
  parameters: Readonly<Record<string, Parameter>>;
}

export type StepSpec = OwnStepSpec | ExternalStepSpec;

export const samplingKernels = ["BILINEAR", "AREA", "POINT"] as const;
export type SamplingKernel = (typeof samplingKernels)[number];

/** The way from the high- to the low-resolution grid. */
export interface Sampling {
  /** How many high-resolution pixels make the side of a low-resolution one: a whole number from 1 to 16. */
  scale: number;
  /**
   * BILINEAR: triangle filter stretched by the scale (antialiased), as Pillow's. AREA: the mean of scale × scale pixels, as
   * a larger detector element sees. POINT: the pixel in the middle, as a small probe that skips what lies between.
   */
  kernel: SamplingKernel;
}

export interface Crappifier {
  /** Steps on the high-resolution grid, in order. */
  optics: readonly StepSpec[];
  sampling: Sampling;
  /** Steps on the low-resolution grid, in order. */
  detector: readonly StepSpec[];
}

/** Bilinear by 4, then the noise of 255 photons at white: PSSR2's default. */
export const defaultCrappifier: Crappifier = {
  optics: [],
  sampling: { scale: 4, kernel: "BILINEAR" },
  detector: [{ kind: "poisson", mix: { value: 1, spread: 0 } }],
};
