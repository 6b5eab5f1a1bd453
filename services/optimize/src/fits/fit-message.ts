/** Between the contract's messages on fits and our plain types. */
import {
  type DetectorMeasurement as DetectorMessage,
  DetectorMeasurement_Method as DetectorMethod,
  FitFinding_Kind as FindingKindMessage,
  type FitComparison,
  type FitEvaluation,
  type FitResult,
  FitEvaluation_Phase as PhaseMessage,
  type PixelBlock,
  type ParameterRange as RangeMessage,
  ParameterRange_Scale as RangeScale,
  SpectrumPoint_Direction as SpectrumDirection,
  TermRatio_Term as Term,
} from "@pssr/api";
import { toCrappifierMessage } from "@pssr/crappifiers";
import { toPixelBlock } from "@pssr/imaging";
import type {
  Comparison,
  DetectorMeasurement,
  FindingKind,
  FitOutcome,
  Goodness,
  Phase,
  TakenLook,
} from "../fitting/fit-outcome.js";
import type { GreyTile } from "../fitting/fit-problem.js";
import { refuse } from "../refuse.js";
import type { ParameterRange } from "../template/crappifier-template.js";

/** google.protobuf.Duration. */
type Duration = NonNullable<FitEvaluation["elapsed"]>;

const scales: Readonly<Record<ParameterRange["scale"], RangeScale>> = {
  LINEAR: RangeScale.SCALE_LINEAR,
  LOG: RangeScale.SCALE_LOG,
};

export const phases: Readonly<Record<Phase, PhaseMessage>> = {
  START: PhaseMessage.PHASE_START,
  SEARCH: PhaseMessage.PHASE_SEARCH,
  DESCENT: PhaseMessage.PHASE_DESCENT,
  INTERVALS: PhaseMessage.PHASE_INTERVALS,
  HELD_OUT: PhaseMessage.PHASE_HELD_OUT,
};

const findingKinds: Readonly<Record<FindingKind, FindingKindMessage>> = {
  EDGE_OF_RANGE: FindingKindMessage.KIND_EDGE_OF_RANGE,
  NOT_IDENTIFIED: FindingKindMessage.KIND_NOT_IDENTIFIED,
  POOR_FIT: FindingKindMessage.KIND_POOR_FIT,
  CLIPPED: FindingKindMessage.KIND_CLIPPED,
  FEW_TILES: FindingKindMessage.KIND_FEW_TILES,
  DISPLACED: FindingKindMessage.KIND_DISPLACED,
  NO_CLOSED_FORM: FindingKindMessage.KIND_NO_CLOSED_FORM,
  BUDGET_SPENT: FindingKindMessage.KIND_BUDGET_SPENT,
  OTHER_BRIGHTNESS: FindingKindMessage.KIND_OTHER_BRIGHTNESS,
};

const methods: Readonly<Record<DetectorMeasurement["method"], DetectorMethod>> = {
  PAIRS: DetectorMethod.METHOD_PAIRS,
  TWO_SCANS: DetectorMethod.METHOD_TWO_SCANS,
  DARK_FRAMES: DetectorMethod.METHOD_DARK_FRAMES,
  BLIND: DetectorMethod.METHOD_BLIND,
};

const directions: Readonly<Record<Comparison["spectrum"][number]["direction"], SpectrumDirection>> = {
  ALONG_X: SpectrumDirection.DIRECTION_ALONG_X,
  ALONG_Y: SpectrumDirection.DIRECTION_ALONG_Y,
  ROWS: SpectrumDirection.DIRECTION_ROWS,
};

/** Throws INVALID_FIELD for a scale that this release does not know; what else may be wrong, the template says. */
export function fromRanges(ranges: readonly RangeMessage[], field: string): ParameterRange[] {
  return ranges.map(({ path, min, max, scale }, index) => {
    if (scale === RangeScale.SCALE_UNSPECIFIED) return { path, min, max, scale: "LINEAR" };
    const known = (Object.keys(scales) as ParameterRange["scale"][]).find((name) => scales[name] === scale);
    if (known !== undefined) return { path, min, max, scale: known };
    throw refuse(`${field}[${index}].scale`, `${scale} is no scale that this release knows; use LINEAR or LOG`);
  });
}

export function toRanges(ranges: readonly ParameterRange[]): RangeMessage[] {
  return ranges.map(({ scale, ...range }) => ({ ...range, scale: scales[scale] }));
}

/** The crappifier is saved later, when the operation has ended well. */
export function toFitResult(outcome: FitOutcome, about: { evaluations: number; elapsedMs: number }): FitResult {
  const { crappifier, parameters, kept, goodness, findings, detector } = outcome;
  const { distance, expectedDistance = 0, fittedTiles, heldOutTiles } = outcome;
  return {
    crappifier: toCrappifierMessage(crappifier),
    savedCrappifier: "",
    parameters: parameters.map(({ isIdentified, ...parameter }) => ({ ...parameter, identified: isIdentified })),
    keptSteps: [...kept],
    goodness: goodness && toGoodness(goodness),
    findings: findings.map(({ kind, ...finding }) => ({ ...finding, kind: findingKinds[kind] })),
    detector: detector.map(toDetector),
    evaluations: about.evaluations,
    distance,
    expectedDistance,
    duration: toDuration(about.elapsedMs),
    fittedTiles,
    heldOutTiles,
  };
}

function toGoodness({ ratio, low, high, terms, templateRatio = 0 }: Goodness) {
  const { profile, intensity, spectrum, tiles } = terms;
  return {
    ratio,
    low,
    high,
    terms: [
      { term: Term.TERM_PROFILE, ratio: profile },
      { term: Term.TERM_INTENSITY, ratio: intensity },
      { term: Term.TERM_SPECTRUM, ratio: spectrum },
      { term: Term.TERM_TILES, ratio: tiles },
    ],
    templateRatio,
  };
}

function toDetector({ method, estimates, misfit }: DetectorMeasurement): DetectorMessage {
  return {
    method: methods[method],
    estimates: Object.entries(estimates).map(([parameter, estimate]) => ({ parameter, ...estimate })),
    misfit,
  };
}

export function toFitEvaluation({ index, phase, values, steps, distance, best, elapsedMs }: TakenLook): FitEvaluation {
  return {
    index,
    phase: phases[phase],
    values: [...values],
    keptSteps: [...steps],
    distance,
    best,
    elapsed: toDuration(elapsedMs),
  };
}

export function toFitComparison({ profile, intensity, spectrum, real, simulated }: Comparison): FitComparison {
  const { black, white } = real.levels;
  return {
    profile: profile.map((point) => ({ ...point })),
    intensity: intensity.map((point) => ({ ...point })),
    spectrum: spectrum.map(({ direction, ...point }) => ({ ...point, direction: directions[direction] })),
    real: toBlock(real),
    simulated: toBlock(simulated),
    levels: { black, white, source: 0 },
  };
}

function toBlock({ height, width, dtype, values }: GreyTile): PixelBlock {
  return toPixelBlock({ axes: "yx", shape: [height, width], dtype, data: values });
}

export function toDuration(ms: number): Duration {
  const whole = Math.max(0, Math.round(ms));
  return { seconds: BigInt(Math.floor(whole / 1000)), nanos: (whole % 1000) * 1e6 };
}

/** Seconds; NaN for what is none. */
export function secondsOf({ seconds, nanos }: Duration): number {
  return nanos >= 0 && nanos < 1e9 ? Number(seconds) + nanos / 1e9 : Number.NaN;
}
