/** The families of networks by name. To add one: write `families/<name>.ts` and list it here. */
import { PssrError } from "@pssr/api";
import { compact } from "./families/compact.js";
import { maxParameters } from "./interpreters/onnx.js";
import type { Network, NetworkConfig, NetworkFamily } from "./network.js";
import { parameterSize } from "./parameter.js";
import { networkParameters } from "./weights/initial-weights.js";

export const families: readonly NetworkFamily[] = [compact];
const defaultFamily = compact;

/** Frames beyond this would make one sample of a training larger than any microscope's neighbourhood needs. */
const maxFrames = 31;

/** What a caller may leave out is filled with defaults: family `compact`, scale 4, one frame, the family's options. */
export interface NetworkRequest {
  family?: string;
  scale?: number;
  frames?: number;
  options?: Readonly<Record<string, number>>;
}

/**
 * Completes and checks a configuration. Throws `INVALID_FIELD` with the path of the field below `path`.
 */
export function resolveNetworkConfig(request: NetworkRequest, path = "network"): NetworkConfig {
  const name = request.family ?? defaultFamily.name;
  const family = families.find((candidate) => candidate.name === name);
  if (family === undefined) {
    const known = families.map((candidate) => candidate.name).join(", ");
    throw invalid(`${path}.family`, `"${name}" is no known family; use one of: ${known}`);
  }
  const scale = request.scale ?? 4;
  if (!family.scales.includes(scale)) {
    throw invalid(`${path}.scale`, `${scale} is not offered by ${name}; use one of: ${family.scales.join(", ")}`);
  }
  const frames = request.frames ?? 1;
  if (!Number.isInteger(frames) || frames < 1 || frames > maxFrames || frames % 2 === 0) {
    throw invalid(`${path}.frames`, `${frames} is no odd whole number from 1 to ${maxFrames}; use 1 for single images`);
  }
  const given = request.options ?? {};
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(family.options, key)) {
      const known = Object.keys(family.options).join(", ");
      throw invalid(`${path}.options.${key}`, `${name} has no such option; it has: ${known}`);
    }
  }
  const options: Record<string, number> = {};
  for (const [key, option] of Object.entries(family.options)) {
    const value = given[key] ?? option.default;
    if (!Number.isInteger(value) || value < option.minimum || value > option.maximum) {
      const range = `a whole number from ${option.minimum} to ${option.maximum}`;
      throw invalid(`${path}.options.${key}`, `${value} is out of range; use ${range} (default ${option.default})`);
    }
    options[key] = value;
  }
  const config = { family: name, scale, frames, options };
  const count = networkParameters(family.create(config)).reduce((sum, parameter) => sum + parameterSize(parameter), 0);
  if (count > maxParameters) {
    throw invalid(
      `${path}.options`,
      `they make ${count} parameters; at most ${maxParameters} can be stored: lower them`,
    );
  }
  return config;
}

/** The network of a configuration. Throws `INVALID_FIELD` as `resolveNetworkConfig` does. */
export function createNetwork(request: NetworkRequest, path = "network"): Network {
  const config = resolveNetworkConfig(request, path);
  return families.find((family) => family.name === config.family)!.create(config);
}

function invalid(field: string, problem: string): PssrError {
  return new PssrError("INVALID_FIELD", `${field}: ${problem}`, { field });
}
