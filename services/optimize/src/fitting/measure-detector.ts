/** The detector's noise in closed form, by whatever the given images allow: where the search begins, and a result by itself. */
import { isPssrError } from "@pssr/api";
import type { Levels } from "@pssr/crappifiers";
import { blindNoise } from "../closed-forms/blind-noise.js";
import { type DarkPlace, darkNoise } from "../closed-forms/dark-frames.js";
import type { CurvePoint, DetectorNoise, Estimate } from "../closed-forms/detector-noise.js";
import { photonTransfer } from "../closed-forms/photon-transfer.js";
import type { Plane } from "../closed-forms/planes.js";
import { twoScans } from "../closed-forms/two-scans.js";
import { type DetectorLaw, lawOf } from "./detector-law.js";
import type { DetectorMeasurement, Finding } from "./fit-outcome.js";
import type { FitProblem, GreyTile } from "./fit-problem.js";
import { referenceNoise } from "./reference-noise.js";
import { inUnits, type TileMeter } from "./tile-meter.js";

/** A misfit above says that pairs differ by more than the detector's noise. */
const DOUBTFUL = 3;

export interface DetectorMeasurements {
  found: DetectorMeasurement[];
  /** For what could not be measured, and why. */
  findings: Finding[];
  /** What scans or dark frames tell; undefined where there are none, or where they tell nothing. */
  law: MeasuredLaw | undefined;
}

/** In 255ths of the range from black. */
export interface MeasuredLaw {
  /** Any number of the law, with its interval. */
  estimate(of: (law: DetectorLaw) => number): Estimate;
  /** Undefined where it is not told, but taken to be the template's. */
  offset: Estimate | undefined;
  /** The darkest, the mean and the brightest that were seen, with the offset. */
  intensities: readonly [darkest: number, mean: number, brightest: number];
}

/** @param meter Of the fitted tiles; undefined where there are none: nothing is looked for then. */
export function measureDetector(problem: FitProblem, meter: TileMeter | undefined): DetectorMeasurements {
  const { detector, fitted, isPaired, highNoise, template, seed } = problem;
  const found: DetectorMeasurement[] = [];
  let law: MeasuredLaw | undefined;
  const findings: Finding[] = [];
  const attempt = (method: DetectorMeasurement["method"], measure: () => Omit<DetectorMeasurement, "method">) => {
    try {
      found.push({ method, ...measure() });
    } catch (error) {
      // The search does without it; what images do not tell is worth a word.
      if (!isPssrError(error, "INVALID_FIELD")) throw error;
      findings.push({ kind: "NO_CLOSED_FORM", subject: method, message: error.message });
    }
  };
  const options = { seed: seed | 0 };
  const { scans, darkFrames } = detector;
  const [scan] = scans;
  if (scan !== undefined) {
    const { levels } = scan.first;
    const both = scans.map(({ first, second }) => ({ first: planeOf(first, levels), second: planeOf(second, levels) }));
    // What is looked for may be the offset as well: the template's is then where that begins.
    const known = meter === undefined ? lawOf(template.detector).offset : 0;
    const offset = (known * (levels.white - levels.black)) / 255;
    const dark = darkFrames.length > 0 ? { darkFrames: darkPlanes(darkFrames, levels) } : { offset };
    attempt("TWO_SCANS", () => {
      const noise = twoScans(both, levels, { ...options, ...dark });
      const told = darkFrames.length > 0;
      law = lawIn(levels, noise, told ? noise.gaussian.mean : undefined, noise.curve);
      return told ? ofNoise(noise) : withoutOffset(ofNoise(noise));
    });
  } else if (darkFrames.length > 0) {
    attempt("DARK_FRAMES", () => {
      const { levels } = darkFrames[0]!.first;
      const noise = darkNoise(darkPlanes(darkFrames, levels), levels, options);
      const { gaussian, offset } = noise;
      law = lawIn(levels, noise, gaussian.mean, [{ intensity: levels.black + offset.value, pixels: 1 }]);
      return { estimates: { "gaussian.sigma": gaussian.sigma, "gaussian.mean": gaussian.mean }, misfit: 1 };
    });
  }
  const [first] = fitted.real;
  if (first === undefined || meter === undefined) return { found, findings, law };
  const { levels } = first;
  if (isPaired) {
    const pairs = fitted.real.map((tile, n) => ({
      noisy: planeOf(tile, levels),
      reference: referencePlane(meter, n, levels),
    }));
    const known = highNoise.length > 0 ? { referenceNoise: noiseOfReferences(problem, levels) } : {};
    attempt("PAIRS", () => ofNoise(photonTransfer(pairs, levels, { ...options, ...known })));
  }
  // Blur is noise to pairs, and no noise to single images.
  const doubtful = found.some(({ method, misfit }) => method === "PAIRS" && misfit > DOUBTFUL);
  if (!isPaired || doubtful) {
    attempt("BLIND", () => withoutOffset(ofNoise(blindNoise(planesOf(fitted.real, levels), levels, options))));
  }
  return { found, findings, law };
}

function noiseOfReferences({ highNoise, template }: FitProblem, { black, white }: Levels) {
  const unit = (white - black) / 255;
  const { slope, variance } = referenceNoise(highNoise, template.sampling);
  return { slope: slope * unit, variance: variance * unit ** 2 };
}

function lawIn(
  { black, white }: Levels,
  noise: Pick<DetectorNoise, "estimate">,
  offset: Estimate | undefined,
  curve: readonly Pick<CurvePoint, "intensity" | "pixels">[],
): MeasuredLaw {
  const unit = (white - black) / 255;
  const intensities = curve.map(({ intensity }) => (intensity - black) / unit);
  const pixels = curve.reduce((sum, point) => sum + point.pixels, 0);
  const mean = curve.reduce((sum, point, n) => sum + (point.pixels / pixels) * intensities[n]!, 0);
  return {
    estimate: (of) =>
      noise.estimate((law) =>
        of({ slope: law.slope / unit, variance: law.variance / unit ** 2, offset: law.offset / unit }),
      ),
    offset,
    intensities: [Math.min(...intensities), mean, Math.max(...intensities)],
  };
}

function planesOf(tiles: readonly GreyTile[], levels: Levels): Plane[] {
  return tiles.map((tile) => planeOf(tile, levels));
}

function darkPlanes(places: FitProblem["detector"]["darkFrames"], levels: Levels): DarkPlace<Plane>[] {
  return places.map(({ first, second }) => ({
    first: planeOf(first, levels),
    second: second === undefined ? undefined : planeOf(second, levels),
  }));
}

/** In the grey values of tiles with these levels. */
function planeOf({ height, width, values, levels }: GreyTile, { black, white }: Levels): Plane {
  if (levels.black === black && levels.white === white) return { height, width, values };
  return { height, width, values: inUnits({ values, levels }).map((units) => black + (units * (white - black)) / 255) };
}

/** The same field without noise. */
function referencePlane(meter: TileMeter, n: number, { black, white }: Levels): Plane {
  const { height, width, values } = meter.references[n]!;
  return { height, width, values: values.map((units) => black + (units * (white - black)) / 255) };
}

function ofNoise({ camera, poisson, gaussian, misfit }: DetectorNoise): Omit<DetectorMeasurement, "method"> {
  const estimates: Record<string, Estimate> = {
    "camera.photons": camera.photons,
    "camera.read_noise": camera.read_noise,
    "camera.offset": camera.offset,
    "poisson.mix": poisson.mix,
    "gaussian.sigma": gaussian.sigma,
    "gaussian.mean": gaussian.mean,
  };
  return { estimates, misfit };
}

/** Where images do not tell the offset, it was taken to be 0: that is no measurement. */
function withoutOffset({
  estimates,
  misfit,
}: Omit<DetectorMeasurement, "method">): Omit<DetectorMeasurement, "method"> {
  const { "camera.offset": _, "gaussian.mean": __, ...measured } = estimates;
  return { estimates: measured, misfit };
}
