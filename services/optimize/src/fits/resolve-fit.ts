/**
 * Completes what a caller asked for: the template in numbers, a range for all that is to be found, a budget, tiles. What makes no
 * sense is refused with the field's path, before anything is stored.
 */
import {
  Crappifier as CrappifierMessage,
  CrappifierStep,
  type Fit,
  isPssrError,
  Fit_Objective as Objective,
  PssrError,
  Sampling_Kernel as SamplingKernel,
} from "@pssr/api";
import {
  type Crappifier,
  checkFit,
  type FindSaved,
  fromCrappifierMessage,
  resolveCrappifier,
  type StepSpec,
  toCrappifierMessage,
} from "@pssr/crappifiers";
import { bytesPerPixel } from "@pssr/imaging";
import { refuse } from "../refuse.js";
import { CrappifierTemplate, type ParameterRange } from "../template/crappifier-template.js";
import { bytesOf, checkTileSide, planTiles, usualTileSide } from "../tiles/plan-tiles.js";
import { checkScans, scaleOfPairs } from "./check-images.js";
import { defaultRanges } from "./default-ranges.js";
import { fromRanges, secondsOf, toDuration, toRanges } from "./fit-message.js";
import type { FitImages } from "./source-images.js";
import { withoutOutputs } from "./stored-fit.js";

const usualTiles = 20;
const mostTiles = 100;
const usualEvaluations = 60;
const [leastEvaluations, mostEvaluations] = [10, 1000];
const [leastSeconds, mostSeconds] = [5, 24 * 3600];
/** What one call of crappify answers at most. */
const mostPreviewBytes = 3 * 2 ** 20;
const highNoiseKinds: readonly string[] = ["poisson", "gaussian", "camera"];
const megabyte = 2 ** 20;

export interface FitLimits {
  /** Of all tiles' pixels. */
  tileBytes: number;
}

/** The fit with everything decided. */
export async function resolveFit(
  request: Fit,
  project: string,
  images: FitImages,
  findSaved: FindSaved,
  limits: FitLimits,
): Promise<Fit> {
  const asked = withoutOutputs(request);
  checkScans(images);
  const template = await resolveTemplate(asked, project, images, findSaved);
  const { scale } = template.sampling;
  const tileSize = asked.tileSize === 0 ? usualTileSide(images, scale) : asked.tileSize;
  checkTileSide(tileSize, images, scale, "fit.tile_size");
  checkPreview(images, tileSize, scale);
  const ranges = resolveRanges(asked, template, tileSize, images);
  const tiles = asked.tiles === 0 ? usualTiles : asked.tiles;
  if (tiles < 1 || tiles > mostTiles) throw refuse("fit.tiles", `${tiles} is outside 1 to ${mostTiles}`);
  const seed = shortSeed(asked.seed);
  checkMemory(bytesOf(planTiles(images, { scale, tiles, side: tileSize, seed })), limits);
  return {
    ...asked,
    template: toCrappifierMessage(template),
    ranges: toRanges(ranges),
    budget: resolveBudget(asked.budget),
    objective: resolveObjective(asked.objective, images),
    tiles,
    tileSize,
    highNoise: toCrappifierMessage({ ...template, optics: [], detector: highNoiseOf(asked) }).detector,
  };
}

/** Seeds of what is drawn here have 32 bits. */
export function shortSeed(seed: bigint): number {
  return Number((seed ^ (seed >> 32n)) & 0xffff_ffffn);
}

/** Throws INVALID_FIELD for steps that are no noise of a detector. */
export function highNoiseOf({ highNoise }: Fit): readonly StepSpec[] {
  if (highNoise.length === 0) return [];
  const sampling = { scale: 1, kernel: SamplingKernel.KERNEL_POINT };
  const message = { optics: [], sampling, detector: highNoise, named: undefined };
  const { detector } = renaming("fit.detector", "fit.high_noise", () => fromCrappifierMessage(message, "fit"));
  detector.forEach(({ kind }, index) => {
    if (highNoiseKinds.includes(kind)) return;
    throw refuse(`fit.high_noise[${index}]`, `${kind} cannot stand here; use ${highNoiseKinds.join(", ")}`);
  });
  return detector;
}

async function resolveTemplate(
  { template: message }: Fit,
  project: string,
  images: FitImages,
  findSaved: FindSaved,
): Promise<Crappifier> {
  const path = "fit.template";
  const scale = scaleOfPairs(images);
  const given = message?.named === undefined ? completed(message, scale) : message;
  const { crappifier } = await resolveCrappifier(given, path, project, findSaved);
  if (scale === undefined || crappifier.sampling.scale === scale) return crappifier;
  const problem = `it samples by ${crappifier.sampling.scale}, and the high-resolution images of the pairs are larger by ${scale}; set sampling.scale to that`;
  throw refuse(`${path}.sampling.scale`, problem);
}

/** Numbers that name no scale take the pairs'; without steps they are a camera. */
function completed(message: Fit["template"], scale = 0): CrappifierMessage {
  const { optics, sampling, detector } = CrappifierMessage.fromPartial(message ?? {});
  const camera = CrappifierStep.fromPartial({ kind: { $case: "camera", value: {} } });
  return {
    optics,
    sampling: { kernel: sampling?.kernel ?? SamplingKernel.KERNEL_UNSPECIFIED, scale: sampling?.scale || scale },
    detector: optics.length + detector.length === 0 ? [camera] : detector,
    named: undefined,
  };
}

function resolveRanges(fit: Fit, template: Crappifier, side: number, images: FitImages): ParameterRange[] {
  const highs = images.pairs.length > 0 ? images.pairs.map(({ high }) => high) : images.high;
  const sizes = new Set(highs.map(({ pixelSizeNm }) => pixelSizeNm || undefined));
  const smallest = Math.min(...highs.map(({ pixelSizeNm }) => pixelSizeNm || Infinity));
  const facts = { side, pixelSizeNm: Number.isFinite(smallest) ? smallest : 0 };
  const ranges = fit.ranges.length === 0 ? defaultRanges(template, facts) : fromRanges(fit.ranges, "fit.ranges");
  const checked = belowFit(() => new CrappifierTemplate(template, ranges, fit.optionalSteps));
  for (const pixelSizeNm of sizes) {
    const tile = { height: side, width: side, pixelSizeNm };
    checkFit(template, tile, "fit.template");
    for (const [index, { path, min, max }] of ranges.entries()) {
      for (const value of [min, max]) {
        const crappifier = checked.at({ ...checked.start, [path]: value });
        blamingRange(`fit.ranges[${index}]`, value, () => checkFit(crappifier, tile, "fit.template"));
      }
    }
  }
  return ranges;
}

function resolveBudget(budget: Fit["budget"]): Fit["budget"] {
  if (budget === undefined) return { $case: "maxEvaluations", value: usualEvaluations };
  if (budget.$case === "maxEvaluations") {
    if (budget.value >= leastEvaluations && budget.value <= mostEvaluations) return budget;
    throw refuse("fit.max_evaluations", `${budget.value} is outside ${leastEvaluations} to ${mostEvaluations}`);
  }
  const seconds = secondsOf(budget.value);
  if (seconds >= leastSeconds && seconds <= mostSeconds) return { ...budget, value: toDuration(1000 * seconds) };
  throw refuse("fit.max_duration", `${seconds} s is outside ${leastSeconds} s to 1 day`);
}

function resolveObjective(objective: Objective, { pairs, high }: FitImages): Objective {
  if (objective === Objective.OBJECTIVE_UNSPECIFIED) return Objective.OBJECTIVE_FEATURES;
  const field = "fit.objective";
  if (objective !== Objective.OBJECTIVE_FEATURES && objective !== Objective.OBJECTIVE_PROFILE) {
    throw refuse(field, `${objective} is none that this release knows; use FEATURES or PROFILE`);
  }
  if (objective === Objective.OBJECTIVE_PROFILE && pairs.length === 0 && high.length > 0) {
    throw refuse(field, "PROFILE compares the tiles of pairs; give pairs, or use FEATURES");
  }
  return objective;
}

function checkPreview({ pairs, high }: FitImages, side: number, scale: number): void {
  for (const { dtype, field } of [...pairs.map((pair) => pair.high), ...high]) {
    const bytes = (side / scale) ** 2 * bytesPerPixel[dtype];
    if (bytes <= mostPreviewBytes) continue;
    const largest = Math.floor(Math.sqrt(mostPreviewBytes / bytesPerPixel[dtype])) * scale;
    throw refuse("fit.tile_size", `${side} makes tiles of ${field} too large for one call; give at most ${largest}`);
  }
}

function checkMemory(bytes: number, { tileBytes }: FitLimits): void {
  if (bytes <= tileBytes) return;
  const shown = (amount: number) => `${Math.ceil(amount / megabyte)} MiB`;
  const problem = `all tiles together take ${shown(bytes)}, and this installation allows ${shown(tileBytes)}; ask for fewer (tiles), or smaller ones (tile_size)`;
  throw new PssrError("LIMIT_EXCEEDED", `fit.tiles: ${problem}`, {
    field: "fit.tiles",
    metadata: { limit: `${tileBytes}` },
  });
}

/** Errors whose fields are named from the fit on, as a request names them: `ranges[0].path` becomes `fit.ranges[0].path`. */
export function fitError(error: unknown): unknown {
  if (!isPssrError(error) || error.field === undefined || error.field.startsWith("fit.")) return error;
  const { reason, message, metadata, field } = error;
  const told = message.startsWith(`${field}:`) ? `fit.${message}` : message;
  return new PssrError(reason, told, { field: `fit.${field}`, metadata, cause: error });
}

function belowFit<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fitError(error);
  }
}

function renaming<T>(from: string, to: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isPssrError(error) || !error.field?.startsWith(from)) throw error;
    const { reason, message, metadata, field } = error;
    const options = { field: field.replace(from, to), metadata, cause: error };
    throw new PssrError(reason, message.replace(from, to), options);
  }
}

function blamingRange(field: string, value: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isPssrError(error)) throw error;
    const { metadata } = error;
    const message = `${field}: ${value} cannot be tried on tiles of this size: ${error.message}`;
    throw new PssrError("INVALID_FIELD", message, { field, metadata, cause: error });
  }
}
