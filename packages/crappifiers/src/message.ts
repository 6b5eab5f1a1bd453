/**
 * Between a crappifier and its message in the contract: kinds of steps and their parameters bear the contract's names in
 * both, which generated code writes in camel case.
 */
import {
  type Crappifier as CrappifierMessage,
  CrappifierStep,
  Sampling_Kernel as KernelMessage,
  type Parameter,
  PssrError,
  type Sampling,
} from "@pssr/api";
import { isExternal } from "./external-step.js";
import { parseCrappifier } from "./parse-crappifier.js";
import type { Crappifier, SamplingKernel, StepSpec } from "./spec.js";
import { steps } from "./steps/registry.js";

/**
 * A crappifier given in numbers, complete and checked; without one, the default. Throws INVALID_FIELD with the field's path
 * below `path`. Where a name may stand instead, ask `resolveCrappifier`.
 */
export function fromCrappifierMessage(message: CrappifierMessage | undefined, path: string): Crappifier {
  if (message === undefined) return parseCrappifier({}, path);
  const { optics, sampling, detector, named } = message;
  if (named !== undefined) {
    const field = `${path}.${named.$case}`;
    throw new PssrError("INVALID_FIELD", `${field}: a name cannot stand here; give the numbers`, { field });
  }
  return parseCrappifier(
    {
      optics: optics.map((step, index) => fromStep(step, `${path}.optics[${index}]`)),
      detector: detector.map((step, index) => fromStep(step, `${path}.detector[${index}]`)),
      ...(sampling === undefined ? {} : { sampling: fromSampling(sampling, path) }),
    },
    path,
  );
}

/** The message with every default as a number. */
export function toCrappifierMessage({ optics, sampling, detector }: Crappifier): CrappifierMessage {
  return {
    optics: optics.map(toStep),
    sampling: { scale: sampling.scale, kernel: kernelMessages[sampling.kernel] },
    detector: detector.map(toStep),
    named: undefined,
  };
}

const kernelMessages: Record<SamplingKernel, KernelMessage> = {
  BILINEAR: KernelMessage.KERNEL_BILINEAR,
  AREA: KernelMessage.KERNEL_AREA,
  POINT: KernelMessage.KERNEL_POINT,
};

/** What the caller left out is absent. `path` is the crappifier's. */
export function fromSampling({ scale, kernel }: Sampling, path: string) {
  const given = scale === 0 ? {} : { scale };
  if (kernel === KernelMessage.KERNEL_UNSPECIFIED) return given;
  const known = Object.entries(kernelMessages).find(([, message]) => message === kernel);
  if (known !== undefined) return { ...given, kernel: known[0] };
  const field = `${path}.sampling.kernel`;
  const names = Object.keys(kernelMessages).join(" or ");
  throw new PssrError("INVALID_FIELD", `${field}: ${kernel} is no kernel that this release knows; use ${names}`, {
    field,
  });
}

function fromStep({ kind }: CrappifierStep, path: string): Record<string, unknown> {
  if (kind === undefined) {
    throw new PssrError(
      "INVALID_FIELD",
      `${path}: this step names no kind; set one of ${[...Object.keys(steps), "external"].join(", ")}`,
      { field: path },
    );
  }
  // Its parameters' names are the server's own, as they stand.
  if (kind.$case === "external") return { kind: kind.$case, ...kind.value };
  const parameters: [string, Parameter | undefined][] = Object.entries(kind.value);
  const given = parameters.filter(([, parameter]) => parameter !== undefined);
  return { kind: snake(kind.$case), ...Object.fromEntries(given.map(([name, parameter]) => [snake(name), parameter])) };
}

function toStep(spec: StepSpec): CrappifierStep {
  if (isExternal(spec)) {
    const { kind, address, parameters } = spec;
    return { kind: { $case: kind, value: { address, parameters: { ...parameters } } } };
  }
  const { kind, ...parameters } = spec;
  const value = Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [camel(name), parameter]));
  // The registry's names are the contract's: a test holds them against each other.
  const step: unknown = { kind: { $case: camel(kind), value } };
  return CrappifierStep.fromPartial(step as Partial<CrappifierStep>);
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
