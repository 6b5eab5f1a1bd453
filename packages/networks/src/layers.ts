/** The layers that families share, written over `Ops<T>`. */
import type { Ops } from "./ops.js";
import type { Initialiser } from "./parameter.js";

export interface ConvOptions {
  /** Side of the square kernel. Default 3. */
  kernel?: number;
  /** Default 1. */
  stride?: number;
  /** How the weights start. Default He with gain 1. The bias starts at zero. */
  init?: Initialiser;
}

const he: Initialiser = { kind: "he", gain: 1 };
const zeros: Initialiser = { kind: "zeros" };

/** A convolution with bias from the channels of `x` to `channels`; its parameters are `name/weights` and `name/bias`. */
export function conv<T>(ops: Ops<T>, name: string, x: T, channels: number, options: ConvOptions = {}): T {
  const { kernel = 3, stride = 1, init = he } = options;
  return ops.conv2d(x, {
    weights: { name: `${name}/weights`, shape: [kernel, kernel, ops.channels(x), channels], init },
    bias: { name: `${name}/bias`, shape: [channels], init: zeros },
    stride,
  });
}

/**
 * Residual block: y = x + conv(relu(conv(x))), channels unchanged. The second convolution starts small (gain 0.1), so that
 * a deep stack starts near the identity and needs no normalisation.
 */
export function residualBlock<T>(ops: Ops<T>, name: string, x: T): T {
  const channels = ops.channels(x);
  const hidden = ops.relu(conv(ops, `${name}/conv1`, x, channels));
  return ops.add(x, conv(ops, `${name}/conv2`, hidden, channels, { init: { kind: "he", gain: 0.1 } }));
}
