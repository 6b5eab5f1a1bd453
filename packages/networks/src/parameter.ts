/**
 * A trained array of a network, as data: its name, its shape and how it starts. A name is used once; two layers that
 * name the same parameter share it, and must agree on shape and start.
 */

/**
 * How a parameter starts.
 * - `zeros`: all 0.
 * - `he`: normal with mean 0 and standard deviation gain·√(2 / fan-in) (He et al. 2015, eq. 10), fan-in being the product
 *   of all axes but the last.
 */
export type Initialiser = { readonly kind: "zeros" } | { readonly kind: "he"; readonly gain: number };

export interface Parameter {
  /** Unique in the network, path-like: `down1/block0/conv2/weights`. Characters: letters, digits, `_`, `/`. */
  readonly name: string;
  /** Convolution weights are [kernel height, kernel width, channels in, channels out], a bias is [channels]. */
  readonly shape: readonly number[];
  readonly init: Initialiser;
}

/** Values by parameter name, each in C order and of the parameter's shape. */
export type Weights = ReadonlyMap<string, Float32Array>;

/** Elements of a parameter. */
export function parameterSize(parameter: Pick<Parameter, "shape">): number {
  return parameter.shape.reduce((product, side) => product * side, 1);
}
