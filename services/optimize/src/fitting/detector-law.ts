/**
 * From the law of noise that was measured to the numbers of a template's steps. The law is in grey values; what it is in photons and
 * electrons depends on the rest of the template: its gain, its offset, and the one of the two that is not looked for.
 */
import type { StepSpec } from "@pssr/crappifiers";
import type { CrappifierTemplate } from "../template/crappifier-template.js";
import type { DetectorMeasurement } from "./fit-outcome.js";

/** In 255ths of the range from black to white. */
export interface DetectorLaw {
  /** Variance per unit above black and offset, as it is seen: behind all gains. */
  slope: number;
  /** Variance at black. */
  variance: number;
  /** What the mean lies above. */
  offset: number;
}

/** What was measured of one; what is undefined was not told. */
export type ToldLaw = { [Key in keyof DetectorLaw]: DetectorLaw[Key] | undefined };

/** Middle grey. */
const USUAL_INTENSITY = 127.5;

/** The law of a detector's cameras, Poisson and Gaussian noise; steps of other kinds are not part of it. */
export function lawOf(detector: readonly StepSpec[]): DetectorLaw & { gain: number } {
  let [gain, offset, slope, variance] = [1, 0, 0, 0];
  for (const step of detector) {
    if (step.kind === "camera") {
      const photon = 255 / step.photons.value;
      const amplified = step.gain.value;
      slope = amplified ** 2 * (slope + photon * gain);
      variance = amplified ** 2 * (variance + photon * Math.max(offset, 0) + (photon * step.read_noise.value) ** 2);
      offset = amplified * offset + step.offset.value;
      gain *= amplified;
    } else if (step.kind === "poisson") {
      slope += step.mix.value ** 2 * gain;
      variance += step.mix.value ** 2 * Math.max(offset, 0);
    } else if (step.kind === "gaussian") {
      variance += step.sigma.value ** 2;
      offset += step.mean.value;
    }
  }
  return { slope: slope / gain, variance, offset, gain };
}

/** The variance at an intensity that is seen, less the offset. */
export function varianceOf({ slope, variance }: Pick<DetectorLaw, "slope" | "variance">, intensity: number): number {
  return slope * intensity + variance;
}

/** The numbers of the template's ranges, by their paths, that a measurement tells; they may lie beyond the ranges. */
export function measuredNumbers(
  template: CrappifierTemplate,
  { method, estimates }: Pick<DetectorMeasurement, "method" | "estimates">,
): Record<string, number> {
  const [mix, sigma] = [estimates["poisson.mix"], estimates["gaussian.sigma"]];
  if (sigma === undefined) return {};
  // Pairs tell noise by the intensity in front of the detector, and not behind its gain.
  const gain = method === "PAIRS" ? lawOf(template.at(template.start).detector).gain : 1;
  const slope = mix === undefined ? undefined : mix.value ** 2 / gain;
  return numbersOf({ slope, variance: sigma.value ** 2, offset: estimates["gaussian.mean"]?.value }, template);
}

/**
 * The numbers of the template's ranges, by their paths, with which its noise is the given; they may lie beyond the ranges.
 *
 * @param intensity Where one number alone, all others as the template has them, makes the noise as strong as it is.
 */
export function numbersOf(
  law: ToldLaw,
  template: CrappifierTemplate,
  intensity = USUAL_INTENSITY,
): Record<string, number> {
  const paths = new Map(template.space.ranges.map(({ name }) => [template.parameterOf(name), name]));
  const { start } = template;
  const found: Record<string, number> = {};
  const lawAt = (changes: Record<string, number>) => lawOf(template.at({ ...start, ...found, ...changes }).detector);
  const offset = paths.get("camera.offset") ?? paths.get("gaussian.mean");
  if (offset !== undefined && law.offset !== undefined) {
    const [none, one] = [lawAt({ [offset]: 0 }), lawAt({ [offset]: 1 })];
    found[offset] = (law.offset - none.offset) / (one.offset - none.offset);
  }
  const { slope = 0, variance } = law;
  if (variance === undefined) return found;
  // Without light there is nothing to be counted.
  const [photons, mix] = law.slope === undefined ? [] : [paths.get("camera.photons"), paths.get("poisson.mix")];
  const reading = paths.get("camera.read_noise") ?? paths.get("gaussian.sigma");
  const at = law.slope === undefined ? 0 : intensity;
  const all = varianceOf({ slope, variance }, at);
  /** What a deviation has to be, for what it adds is its square. */
  const deviation = (path: string, of: (law: DetectorLaw) => number, wanted: number) => {
    const [none, one] = [of(lawAt({ [path]: 0 })), of(lawAt({ [path]: 1 }))];
    return Math.sqrt(Math.max(wanted - none, 0) / (one - none));
  };
  if (photons !== undefined) {
    found[photons] = photonsOf(photons, reading, { slope, all, at }, template, lawAt);
  } else if (mix !== undefined) {
    found[mix] =
      reading === undefined
        ? deviation(mix, (one) => varianceOf(one, at), all)
        : deviation(mix, (one) => one.slope, slope);
  }
  if (reading !== undefined) found[reading] = deviation(reading, (one) => varianceOf(one, at), all);
  return found;
}

/** Photons at white: by the slope where read noise is looked for too, else by all of the noise at one intensity. */
function photonsOf(
  path: string,
  reading: string | undefined,
  { slope, all, at }: { slope: number; all: number; at: number },
  template: CrappifierTemplate,
  lawAt: (changes: Record<string, number>) => DetectorLaw,
): number {
  const most = template.boundsOf(path).max;
  const [none, one] = [lawAt({ [path]: Number.POSITIVE_INFINITY }), lawAt({ [path]: 1 })];
  const counted = one.slope - none.slope;
  if (reading === undefined) {
    // With 1/photons counted noise grows, and with its square the fixed electrons.
    const electrons = one.variance - none.variance;
    const wanted = Math.max(all - varianceOf(none, at), 0);
    if (wanted === 0) return most;
    const root = Math.sqrt((counted * at) ** 2 + 4 * electrons * wanted);
    return Math.min((counted * at + root) / (2 * wanted), most);
  }
  const photons = Math.min(counted / Math.max(slope - none.slope, 0), most);
  if (template.parameterOf(reading) !== "camera.read_noise") return photons;
  // With so many photons that read noise would be more electrons than there may be, it is not the read noise that gives way.
  const electrons = lawAt({ [path]: 1, [reading]: 1 }).variance - lawAt({ [path]: 1, [reading]: 0 }).variance;
  const rest = lawAt({ [path]: photons, [reading]: 0 });
  const needed = Math.sqrt(Math.max(all - varianceOf(rest, at), 0) / electrons);
  return Math.min(photons, template.boundsOf(reading).max / needed);
}
