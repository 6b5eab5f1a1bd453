/** The weights a training starts from: the same network and seed give the same numbers, everywhere and in any order. */
import { receptiveField } from "../interpreters/receptive-field.js";
import { networkShape } from "../interpreters/shapes.js";
import type { Network } from "../network.js";
import { type Parameter, parameterSize, type Weights } from "../parameter.js";

/** The network's parameters in order of first use. */
export function networkParameters(network: Network): readonly Parameter[] {
  const { grid } = receptiveField(network);
  return networkShape(network, { height: grid, width: grid }).parameters;
}

/** `seed` is a whole number from 0 to 2^53 − 1. */
export function initialWeights(network: Network, seed: number): Weights {
  return new Map(networkParameters(network).map((parameter) => [parameter.name, initialValues(parameter, seed)]));
}

function initialValues(parameter: Parameter, seed: number): Float32Array {
  const values = new Float32Array(parameterSize(parameter));
  if (parameter.init.kind === "zeros") return values;
  const fanIn = values.length / parameter.shape.at(-1)!;
  const deviation = parameter.init.gain * Math.sqrt(2 / fanIn);
  const uniform = uniformStream(`${seed}/${parameter.name}`);
  for (let i = 0; i < values.length; i += 2) {
    // Box and Muller 1958. 1 − u lies in (0, 1], so that its logarithm is finite.
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

/** Uniform numbers in [0, 1) with 32 bits, by mulberry32 (Tommy Ettinger) seeded with the FNV-1a hash of `key`. */
function uniformStream(key: string): () => number {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) state = Math.imul(state ^ byte, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
