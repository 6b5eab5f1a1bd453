/** Checks a crappifier from outside, field by field, and completes it with the defaults. */
import { PssrError } from "@pssr/api";
import {
  type Crappifier,
  defaultCrappifier,
  type ExternalStepSpec,
  type Parameter,
  type Sampling,
  type StepSpec,
  samplingKernels,
} from "./spec.js";
import type { Stage, Step, StepParameter } from "./step.js";
import { type StepKind, steps } from "./steps/registry.js";

const MAX_SCALE = 16;
/** Enough for any chain that makes sense, few enough that a request cannot buy unbounded work. */
const MAX_STEPS = 16;
const MAX_EXTERNAL_PARAMETERS = 32;
const EXTERNAL_PARAMETER = /^[a-z][a-z0-9_]{0,62}$/;
/** A draw that is so many spreads away is still finite. */
const MAX_EXTERNAL_VALUE = 1e100;
const ADDRESS = /^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9.-]{1,253}):\d{1,5}$/;

/**
 * Reads the JSON form of a crappifier. What is absent takes its default: no steps, scale 4, BILINEAR, spread 0, a
 * parameter's own default; a crappifier without any content is `defaultCrappifier`.
 *
 * @param path Where it stands in the request, for the error: `crappifier`.
 * @throws PssrError INVALID_FIELD with the path of the wrong field, such as `crappifier.detector[1].sigma.value`.
 */
export function parseCrappifier(json: unknown, path: string): Crappifier {
  const fields = readObject(json, path, ["optics", "sampling", "detector"]);
  const optics = readSteps(fields.optics, "optics", `${path}.optics`);
  const detector = readSteps(fields.detector, "detector", `${path}.detector`);
  if (optics.length === 0 && detector.length === 0 && fields.sampling === undefined) return defaultCrappifier;
  return { optics, sampling: readSampling(fields.sampling, `${path}.sampling`), detector };
}

function readSampling(json: unknown, path: string): Sampling {
  const { scale = defaultCrappifier.sampling.scale, kernel = defaultCrappifier.sampling.kernel } = readObject(
    json ?? {},
    path,
    ["scale", "kernel"],
  );
  if (typeof scale !== "number" || !Number.isInteger(scale) || scale < 1 || scale > MAX_SCALE) {
    throw invalid(`${path}.scale`, `${show(scale)} is no scale; give a whole number from 1 to ${MAX_SCALE}`);
  }
  const known = samplingKernels.find((name) => name === kernel);
  if (known === undefined) {
    throw invalid(`${path}.kernel`, `${show(kernel)} is no sampling kernel; use ${samplingKernels.join(" or ")}`);
  }
  return { scale, kernel: known };
}

function readSteps(json: unknown, stage: Stage, path: string): StepSpec[] {
  if (json === undefined) return [];
  if (!Array.isArray(json)) throw invalid(path, `${show(json)} is no list of steps`);
  if (json.length > MAX_STEPS) throw invalid(path, `${json.length} steps are too many; use at most ${MAX_STEPS}`);
  return json.map((step: unknown, index) => readStep(step, stage, `${path}[${index}]`));
}

function readStep(json: unknown, stage: Stage, path: string): StepSpec {
  const { kind } = readObject(json, path);
  if (kind === "external") return readExternal(json, path);
  if (typeof kind !== "string" || !Object.hasOwn(steps, kind)) {
    throw invalid(`${path}.kind`, `${show(kind)} is no step; use ${[...Object.keys(steps), "external"].join(" or ")}`);
  }
  const step: Step = steps[kind as StepKind];
  if (!step.stages.includes(stage)) {
    throw invalid(`${path}.kind`, `${kind} cannot stand in ${stage}; it belongs to ${step.stages.join(" or ")}`);
  }
  const fields = readObject(json, path, ["kind", ...Object.keys(step.parameters)]);
  const parameters = Object.entries(step.parameters).map(([name, parameter]) => [
    name,
    readParameter(fields[name], parameter, `${path}.${name}`),
  ]);
  // The registry's entry has just named every field of this kind's type.
  return { kind, ...Object.fromEntries(parameters) } as StepSpec;
}

function readExternal(json: unknown, path: string): ExternalStepSpec {
  const { address, parameters = {} } = readObject(json, path, ["kind", "address", "parameters"]);
  if (typeof address !== "string" || !ADDRESS.test(address)) {
    throw invalid(
      `${path}.address`,
      `${show(address)} is no address; give it as host:port, as the installation allows it`,
    );
  }
  const named = readObject(parameters, `${path}.parameters`);
  // A message's decoder sets the prototype where a parameter has its name.
  const given = Object.entries(
    Object.getPrototypeOf(named) === Object.prototype ? named : { ...named, ["__proto__"]: undefined },
  );
  if (given.length > MAX_EXTERNAL_PARAMETERS) {
    throw invalid(`${path}.parameters`, `${given.length} are too many; use at most ${MAX_EXTERNAL_PARAMETERS}`);
  }
  const read = given.map(([name, parameter]): [string, Parameter] => {
    const field = `${path}.parameters[${name.slice(0, 64)}]`;
    if (!EXTERNAL_PARAMETER.test(name)) {
      throw invalid(field, "a name has at most 63 of a-z, 0-9 and _, and begins with a letter");
    }
    return [name, readExternalParameter(parameter, field)];
  });
  return { kind: "external", address, parameters: Object.fromEntries(read.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

function readExternalParameter(json: unknown, path: string): Parameter {
  const { value = 0, spread = 0 } = readObject(json, path, ["value", "spread"]);
  if (typeof value !== "number" || !(Math.abs(value) <= MAX_EXTERNAL_VALUE)) {
    throw invalid(`${path}.value`, `${show(value)} is out of range; give a number from −1e100 to 1e100`);
  }
  if (typeof spread !== "number" || !(spread >= 0 && spread <= MAX_EXTERNAL_VALUE)) {
    throw invalid(`${path}.spread`, `${show(spread)} is out of range; give a number from 0 to 1e100`);
  }
  return { value, spread };
}

function readParameter(json: unknown, parameter: StepParameter, path: string): Parameter {
  if (typeof json === "number") throw invalid(path, `a bare number; give it as { "value": ${json} }`);
  const { value = parameter.default, spread = 0 } = readObject(json ?? {}, path, ["value", "spread"]);
  const { min, max, none, unit, whole } = parameter;
  if (none !== undefined && value === none) {
    if (spread === 0) return { value: none, spread };
    throw invalid(
      `${path}.spread`,
      `where the value is ${none}, there is none that could be drawn; give a value or no spread`,
    );
  }
  if (typeof value !== "number" || !(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
    throw invalid(
      `${path}.value`,
      `${show(value)} is out of range; give ${none === undefined ? "" : `${none} or `}a ${whole ? "whole " : ""}number from ${min} to ${max} (unit: ${unit})`,
    );
  }
  if (typeof spread !== "number" || !(spread >= 0 && spread <= max - min)) {
    throw invalid(
      `${path}.spread`,
      `${show(spread)} is out of range; give a number from 0 to ${max - min} (unit: ${unit})`,
    );
  }
  return { value, spread };
}

function readObject(json: unknown, path: string, known?: readonly string[]): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw invalid(path, `${show(json)} is no object with fields`);
  }
  const unknown = known && Object.keys(json).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw invalid(`${path}.${unknown.slice(0, 40)}`, `there is no such field; known are ${known?.join(", ")}`);
  }
  return json as Record<string, unknown>;
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return String(value);
}

function invalid(field: string, message: string): PssrError {
  return new PssrError("INVALID_FIELD", `${field}: ${message}`, { field });
}
