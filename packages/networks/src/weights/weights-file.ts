/** A network's weights as a file: every parameter of the network, nothing else, all numbers finite. */
import { PssrError } from "@pssr/api";
import type { Network } from "../network.js";
import { type Parameter, parameterSize, type Weights } from "../parameter.js";
import { networkParameters } from "./initial-weights.js";
import { readSafetensors, type Tensor, writeSafetensors } from "./safetensors.js";

/** Throws `INVALID_MODEL` when the weights are not the network's. */
export function writeWeights(network: Network, weights: Weights): Uint8Array {
  const tensors = new Map<string, Tensor>();
  const parameters = networkParameters(network);
  for (const parameter of parameters) {
    const values = checkedValues(parameter, weights.get(parameter.name));
    tensors.set(parameter.name, { shape: parameter.shape, values });
  }
  refuseOthers(parameters, weights.keys());
  return writeSafetensors({ tensors, metadata: { format: "pssr", layout: "hwio" } });
}

/** Throws `INVALID_MODEL` when the file is damaged or its tensors are not the network's. */
export function readWeights(network: Network, file: Uint8Array): Weights {
  const { tensors } = readSafetensors(file);
  const weights = new Map<string, Float32Array>();
  const parameters = networkParameters(network);
  for (const parameter of parameters) {
    const tensor = tensors.get(parameter.name);
    if (tensor !== undefined && tensor.shape.join() !== parameter.shape.join()) {
      const [found, expected] = [tensor.shape.join(", "), parameter.shape.join(", ")];
      throw invalid(`${parameter.name} has shape [${found}]; the network needs [${expected}]`);
    }
    weights.set(parameter.name, checkedValues(parameter, tensor?.values));
  }
  refuseOthers(parameters, tensors.keys());
  return weights;
}

function checkedValues(parameter: Parameter, values: Float32Array | undefined): Float32Array {
  const { name } = parameter;
  if (values === undefined) throw invalid(`${name} is missing; are these the weights of another network?`);
  if (values.length !== parameterSize(parameter)) {
    throw invalid(`${name} holds ${values.length} numbers; the network needs ${parameterSize(parameter)}`);
  }
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at !== -1) throw invalid(`${name} holds ${values[at]} at index ${at}; weights must be finite`);
  return values;
}

function refuseOthers(parameters: readonly Parameter[], names: Iterable<string>): void {
  const known = new Set(parameters.map((parameter) => parameter.name));
  for (const name of names) {
    if (!known.has(name)) throw invalid(`${name} is no parameter of the network; are these the weights of another?`);
  }
}

function invalid(problem: string): PssrError {
  return new PssrError("INVALID_MODEL", `weights: ${problem}`);
}
