/** The detector's noise in closed form, by whatever the given images allow: where the search begins, and a result by itself. */
import { isPssrError } from "@pssr/api";
import type { Levels } from "@pssr/crappifiers";
import { blindNoise } from "../closed-forms/blind-noise.js";
import { type DarkPlace, darkNoise } from "../closed-forms/dark-frames.js";
import type { DetectorNoise, Estimate } from "../closed-forms/detector-noise.js";
import { photonTransfer } from "../closed-forms/photon-transfer.js";
import type { Plane } from "../closed-forms/planes.js";
import { twoScans } from "../closed-forms/two-scans.js";
import type { DetectorMeasurement, Finding } from "./fit-outcome.js";
import type { FitProblem, GreyTile } from "./fit-problem.js";
import { inUnits, type TileMeter } from "./tile-meter.js";

/** A misfit above says that pairs differ by more than the detector's noise. */
const DOUBTFUL = 3;

export interface DetectorMeasurements {
  found: DetectorMeasurement[];
  /** For what could not be measured, and why. */
  findings: Finding[];
}

/** @param meter Of the fitted tiles; undefined where there are none. */
export function measureDetector(problem: FitProblem, meter: TileMeter | undefined): DetectorMeasurements {
  const { detector, fitted, isPaired, seed } = problem;
  const found: DetectorMeasurement[] = [];
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
    const dark = darkFrames.length > 0 ? { darkFrames: darkPlanes(darkFrames, levels) } : {};
    attempt("TWO_SCANS", () => {
      const measured = ofNoise(twoScans(both, levels, { ...options, ...dark }));
      return darkFrames.length > 0 ? measured : withoutOffset(measured);
    });
  } else if (darkFrames.length > 0) {
    attempt("DARK_FRAMES", () => {
      const { levels } = darkFrames[0]!.first;
      const { gaussian } = darkNoise(darkPlanes(darkFrames, levels), levels, options);
      return { estimates: { "gaussian.sigma": gaussian.sigma, "gaussian.mean": gaussian.mean }, misfit: 1 };
    });
  }
  const [first] = fitted.real;
  if (first === undefined || meter === undefined) return { found, findings };
  const { levels } = first;
  if (isPaired) {
    const pairs = fitted.real.map((tile, n) => ({
      noisy: planeOf(tile, levels),
      reference: referencePlane(meter, n, levels),
    }));
    attempt("PAIRS", () => ofNoise(photonTransfer(pairs, levels, options)));
  }
  // Blur is noise to pairs, and no noise to single images.
  const doubtful = found.some(({ method, misfit }) => method === "PAIRS" && misfit > DOUBTFUL);
  if (!isPaired || doubtful) {
    attempt("BLIND", () => withoutOffset(ofNoise(blindNoise(planesOf(fitted.real, levels), levels, options))));
  }
  return { found, findings };
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
