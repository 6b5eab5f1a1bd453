/**
 * Fits for scripts: as the contract has them, with words for its numbers of kinds and states, times in seconds, and crappifiers in the
 * form that `--crappifier-file` takes.
 */
import {
  type DetectorMeasurement,
  DetectorMeasurement_Method as DetectorMethod,
  FitFinding_Kind as FindingKind,
  type Fit,
  type FitComparison,
  type FitEvaluation,
  Fit_State as FitState,
  Fit_Objective as Objective,
  FitEvaluation_Phase as Phase,
  ParameterRange_Scale as RangeScale,
  SpectrumPoint_Direction as SpectrumDirection,
  TermRatio_Term as Term,
} from "@pssr/api";
import { specOf } from "./crappifier-spec.js";

export async function fitJson(fit: Fit) {
  const { budget, highNoise, result, ...rest } = fit;
  return {
    ...rest,
    state: stateWord(fit),
    objective: word(Objective, fit.objective, "OBJECTIVE_"),
    template: fit.template && (await specOf(fit.template)),
    ranges: fit.ranges.map((range) => ({ ...range, scale: word(RangeScale, range.scale, "SCALE_") })),
    ...(budget?.$case === "maxEvaluations" && { maxEvaluations: budget.value }),
    ...(budget?.$case === "maxDuration" && { maxSeconds: secondsOf(budget.value) }),
    highNoise: highNoise.length === 0 ? [] : await detectorSpecs(highNoise),
    ...(result && { result: await resultJson(result) }),
  };
}

export function evaluationJson({ elapsed, phase, ...rest }: FitEvaluation) {
  return { ...rest, phase: phaseWord(phase), seconds: secondsOf(elapsed) };
}

/** Without pixels, which the picture shows. */
export function comparisonJson({ profile, intensity, spectrum, levels }: FitComparison) {
  const directed = spectrum.map(({ direction, ...point }) => ({
    direction: word(SpectrumDirection, direction, "DIRECTION_"),
    ...point,
  }));
  return { profile, intensity, spectrum: directed, levels: levels && { black: levels.black, white: levels.white } };
}

/** "active", "succeeded", "failed", "cancelled". */
export function stateWord({ state }: Fit): string {
  return word(FitState, state, "STATE_");
}

/** "start", "search", "descent", "intervals", "held_out". */
export function phaseWord(phase: Phase): string {
  return word(Phase, phase, "PHASE_");
}

/** "profile", "intensity", "spectrum", "tiles". */
export function termWord(term: Term): string {
  return word(Term, term, "TERM_");
}

/** "pairs", "two_scans", "dark_frames", "blind". */
export function methodWord({ method }: DetectorMeasurement): string {
  return word(DetectorMethod, method, "METHOD_");
}

export function secondsOf(duration: { seconds: bigint; nanos: number } | undefined): number {
  return duration === undefined ? 0 : Number(duration.seconds) + duration.nanos / 1e9;
}

async function resultJson({ duration, ...result }: NonNullable<Fit["result"]>) {
  const { goodness } = result;
  return {
    ...result,
    crappifier: result.crappifier && (await specOf(result.crappifier)),
    goodness: goodness && {
      ...goodness,
      terms: Object.fromEntries(goodness.terms.map(({ term, ratio }) => [termWord(term), ratio])),
    },
    findings: result.findings.map((finding) => ({ ...finding, kind: word(FindingKind, finding.kind, "KIND_") })),
    detector: result.detector.map((one) => ({ ...one, method: methodWord(one) })),
    seconds: secondsOf(duration),
  };
}

async function detectorSpecs(detector: Fit["highNoise"]) {
  return (await specOf({ optics: [], sampling: { scale: 1, kernel: 0 }, detector, named: undefined })).detector;
}

/** A name of the contract without what all names of its kind begin with; "?" for what this release does not know. */
function word(names: Readonly<Record<number, string>>, value: number, beginning: string): string {
  return names[value]?.replace(beginning, "").toLowerCase() ?? "?";
}
