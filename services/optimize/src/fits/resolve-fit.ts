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
  type FindSaved,
  fromCrappifierMessage,
  resolveCrappifier,
  type StepSpec,
  toCrappifierMessage,
} from "@pssr/crappifiers";
import { bytesPerPixel } from "@pssr/imaging";
import { fewestLooks } from "../fitting/plan-looks.js";
import { refuse } from "../refuse.js";
import { greyLevels } from "../tiles/grey-levels.js";
import { bytesOf, checkTileSide, planTiles, usualTileSide } from "../tiles/plan-tiles.js";
import { checkNamedOnce, checkScans, scaleOfPairs } from "./check-images.js";
import { isDetectorAlone } from "./detector-ranges.js";
import { secondsOf, toDuration, toRanges } from "./fit-message.js";
import { resolveRanges } from "./resolve-ranges.js";
import type { FitImages } from "./source-images.js";
import { withoutOutputs } from "./stored-fit.js";

/** As much as a look at these is worth waiting for: so many tiles of so many pixels along a side, and more where they are smaller. */
const usualTiles = { count: 20, side: 512, most: 80 };
const mostTiles = 100;
const usualEvaluations = 60;
const mostEvaluations = 1000;
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
  checkNamedOnce(images);
  checkScans(images);
  // Whether what is black and white is known.
  greyLevels(images);
  const template = await resolveTemplate(asked, project, images, findSaved);
  const { scale } = template.sampling;
  const tileSize = asked.tileSize === 0 ? usualTileSide(images, scale) : asked.tileSize;
  checkTileSide(tileSize, images, scale, "fit.tile_size");
  checkPreview(images, tileSize, scale);
  const ranges = resolveRanges(asked, template, tileSize, images);
  const tiles = asked.tiles === 0 ? tilesOf(tileSize) : asked.tiles;
  if (tiles < 1 || tiles > mostTiles) throw refuse("fit.tiles", `${tiles} is outside 1 to ${mostTiles}`);
  const seed = shortSeed(asked.seed);
  checkMemory(bytesOf(planTiles(images, { scale, tiles, side: tileSize, seed })), limits);
  return {
    ...asked,
    template: toCrappifierMessage(template),
    ranges: toRanges(ranges),
    budget: resolveBudget(asked.budget, ranges.length + asked.optionalSteps.length),
    objective: resolveObjective(asked.objective, images),
    tiles,
    tileSize,
    highNoise: resolveHighNoise(asked, template, images),
  };
}

function tilesOf(side: number): number {
  const { count, side: usual, most } = usualTiles;
  return Math.min(Math.max(count, Math.round(count * (usual / side) ** 2)), most);
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

function resolveHighNoise(fit: Fit, template: Crappifier, { pairs }: FitImages): CrappifierStep[] {
  const detector = highNoiseOf(fit);
  if (detector.length > 0 && pairs.length === 0) {
    const problem =
      "it counts in what the two of a pair differ by, and there are no pairs; leave it out, or give pairs";
    throw refuse("fit.high_noise", problem);
  }
  return toCrappifierMessage({ ...template, optics: [], detector }).detector;
}

async function resolveTemplate(
  { template: message }: Fit,
  project: string,
  images: FitImages,
  findSaved: FindSaved,
): Promise<Crappifier> {
  const path = "fit.template";
  const scale = scaleOfPairs(images);
  const given = message?.named === undefined ? completed(message, images, scale) : message;
  const { crappifier } = await resolveCrappifier(given, path, project, findSaved);
  if (scale === undefined || crappifier.sampling.scale === scale) return crappifier;
  const problem = `it samples by ${crappifier.sampling.scale}, and the high-resolution images of the pairs are larger by ${scale}; set sampling.scale to that`;
  throw refuse(`${path}.sampling.scale`, problem);
}

/** Numbers that name no scale take the pairs'; without steps they are a camera, or the read noise that dark frames alone tell. */
function completed(message: Fit["template"], images: FitImages, scale = 0): CrappifierMessage {
  const { optics, sampling, detector } = CrappifierMessage.fromPartial(message ?? {});
  const isDark = isDetectorAlone(images) && images.scans.length === 0;
  const usual = CrappifierStep.fromPartial({ kind: { $case: isDark ? "gaussian" : "camera", value: {} } });
  return {
    optics,
    sampling: { kernel: sampling?.kernel ?? SamplingKernel.KERNEL_UNSPECIFIED, scale: sampling?.scale || scale },
    detector: optics.length + detector.length === 0 ? [usual] : detector,
    named: undefined,
  };
}

/** @param found How many ranges and optional steps there are. */
function resolveBudget(budget: Fit["budget"], found: number): Fit["budget"] {
  if (budget === undefined) return { $case: "maxEvaluations", value: usualEvaluations };
  if (budget.$case === "maxEvaluations") {
    const least = fewestLooks(found);
    if (budget.value >= least && budget.value <= mostEvaluations) return budget;
    const problem = `${budget.value} is outside ${least} to ${mostEvaluations}; starts, intervals and tiles held back need the least number for what is looked for (${found}, ranges and optional steps together): give as many, or look for less`;
    throw refuse("fit.max_evaluations", problem);
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
