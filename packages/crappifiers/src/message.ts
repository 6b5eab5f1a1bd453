/** Between a crappifier and its message in the contract: kinds of steps and their parameters bear the same names in both. */
import {
  type Crappifier as CrappifierMessage,
  CrappifierStep,
  type Parameter,
  PssrError,
  type Sampling,
  Sampling_Kernel as SamplingKernel,
} from "@pssr/api";
import { parseCrappifier } from "./parse-crappifier.js";
import type { Crappifier, StepSpec } from "./spec.js";

/** A crappifier, complete and checked; without one, the default. Throws INVALID_FIELD with the field's path below `path`. */
export function fromCrappifierMessage(message: CrappifierMessage | undefined, path: string): Crappifier {
  if (message === undefined) return parseCrappifier({}, path);
  const { optics, sampling, detector } = message;
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
    sampling: { scale: sampling.scale, kernel: SamplingKernel.KERNEL_BILINEAR },
    detector: detector.map(toStep),
  };
}

/** What the caller left out is absent. */
function fromSampling({ scale, kernel }: Sampling, path: string) {
  if (kernel !== SamplingKernel.KERNEL_UNSPECIFIED && kernel !== SamplingKernel.KERNEL_BILINEAR) {
    const field = `${path}.sampling.kernel`;
    throw new PssrError("INVALID_FIELD", `${field}: ${kernel} is no kernel that this release knows; use BILINEAR`, {
      field,
    });
  }
  return scale === 0 ? {} : { scale };
}

function fromStep({ kind }: CrappifierStep, path: string): Record<string, unknown> {
  if (kind === undefined) {
    throw new PssrError("INVALID_FIELD", `${path}: this step names no kind; set poisson or gaussian`, { field: path });
  }
  const parameters: [string, Parameter | undefined][] = Object.entries(kind.value);
  return { kind: kind.$case, ...Object.fromEntries(parameters.filter(([, parameter]) => parameter !== undefined)) };
}

function toStep({ kind, ...parameters }: StepSpec): CrappifierStep {
  return CrappifierStep.fromPartial({ kind: { $case: kind, value: parameters } } as Partial<CrappifierStep>);
}
