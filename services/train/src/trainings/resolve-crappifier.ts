/** A caller's crappifier, checked and completed to numbers: a training pins it, so later defaults do not change it. */
import { type Crappifier, CrappifierStep, type Parameter, PssrError, Sampling_Kernel } from "@pssr/api";
import { parseCrappifier, type StepSpec } from "@pssr/crappifiers";

/** Throws INVALID_FIELD with the path of the wrong field below `path`. */
export function resolveCrappifier(asked: Crappifier | undefined, path: string): Crappifier {
  const { optics, sampling, detector } = parseCrappifier(asked === undefined ? {} : plain(asked, path), path);
  return {
    optics: optics.map(toStep),
    sampling: { scale: sampling.scale, kernel: Sampling_Kernel.KERNEL_BILINEAR },
    detector: detector.map(toStep),
  };
}

/** As `parseCrappifier` reads it: what the caller left out is absent. */
function plain({ optics, sampling, detector }: Crappifier, path: string) {
  const steps = (stage: "optics" | "detector", list: CrappifierStep[]) =>
    list.map((step, i) => plainStep(step, `${path}.${stage}[${i}]`));
  return {
    optics: steps("optics", optics),
    detector: steps("detector", detector),
    ...(sampling === undefined ? {} : { sampling: plainSampling(sampling, path) }),
  };
}

function plainSampling({ scale, kernel }: NonNullable<Crappifier["sampling"]>, path: string) {
  if (kernel !== Sampling_Kernel.KERNEL_UNSPECIFIED && kernel !== Sampling_Kernel.KERNEL_BILINEAR) {
    const field = `${path}.sampling.kernel`;
    throw new PssrError("INVALID_FIELD", `${field}: ${kernel} is no kernel that this release knows; use BILINEAR`, {
      field,
    });
  }
  return scale === 0 ? {} : { scale };
}

function plainStep({ kind }: CrappifierStep, path: string) {
  if (kind === undefined) {
    throw new PssrError("INVALID_FIELD", `${path}: this step names no kind; set poisson or gaussian`, { field: path });
  }
  const parameters: [string, Parameter | undefined][] = Object.entries(kind.value);
  return { kind: kind.$case, ...Object.fromEntries(parameters.filter(([, parameter]) => parameter !== undefined)) };
}

function toStep({ kind, ...parameters }: StepSpec): CrappifierStep {
  // Kinds and parameters bear the same names on both sides.
  return CrappifierStep.fromPartial({ kind: { $case: kind, value: parameters } } as Partial<CrappifierStep>);
}
