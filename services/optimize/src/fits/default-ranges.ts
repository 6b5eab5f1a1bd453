/**
 * What is looked for where a request names no ranges: of each step the parameters that tell one microscope from another, over
 * widest ranges. What says how a detector is built (gain, bits, the size of blocks) stays as the template has it.
 *
 * An offset is looked for once, for two of them tell nothing apart: that of a camera, or else the mean of the first Gaussian noise
 * behind the sampling, or else that of the first contrast.
 */
import type { Crappifier, Stage, StepKind, StepSpec } from "@pssr/crappifiers";
import type { ParameterRange } from "../template/crappifier-template.js";

type Usual = Omit<ParameterRange, "path">;

const log = (min: number, max: number): Usual => ({ min, max, scale: "LOG" });
const linear = (min: number, max: number): Usual => ({ min, max, scale: "LINEAR" });

/** By the parameter, with `.value` or `.spread`. */
const usual: Readonly<Record<StepKind, Readonly<Record<string, Usual>>>> = {
  poisson: { "mix.value": log(0.05, 8) },
  gaussian: { "mean.value": linear(-30, 60), "sigma.value": log(0.5, 60) },
  camera: { "photons.value": log(5, 20_000), "read_noise.value": linear(0, 50), "offset.value": linear(-30, 60) },
  salt_and_pepper: { "amount.value": linear(0, 0.2), "salt.value": linear(0, 1) },
  speckle: { "sigma.value": log(0.01, 1) },
  gaussian_blur: { "sigma.value": linear(0, 8) },
  optical_blur: { "numerical_aperture.value": log(0.1, 1.7) },
  line_jitter: { "sigma.value": linear(0, 8) },
  drift: { "x.spread": linear(0, 16), "y.spread": linear(0, 16) },
  brightness_bands: { "amplitude.value": linear(0, 60), "length.value": log(1, 256) },
  contrast: { "gamma.value": log(0.3, 3), "gain.value": linear(0.3, 3), "offset.value": linear(-60, 60) },
  binning: {},
};

/** Numbers that are an offset, the one that is looked for first. */
const offsets: readonly { stages: readonly Stage[]; kind: StepKind; name: string }[] = [
  { stages: ["detector"], kind: "camera", name: "offset.value" },
  { stages: ["detector"], kind: "gaussian", name: "mean.value" },
  { stages: ["optics", "detector"], kind: "contrast", name: "offset.value" },
];

/** A blur may be an eighth of the tile's side. */
const blurShare = 1 / 8;
/** Standard deviation of a lens's blur in wavelengths over its numerical aperture; see the step. */
const lensBlur = Math.SQRT2 / (2 * Math.PI);

/** A high-resolution tile: a blur may not be wider than fits it. */
export interface TileFacts {
  side: number;
  /** The smallest of all images; 0: unknown. */
  pixelSizeNm: number;
}

export function defaultRanges(template: Crappifier, tile: TileFacts): ParameterRange[] {
  const { scale } = template.sampling;
  const tiles = { optics: tile, detector: { side: tile.side / scale, pixelSizeNm: tile.pixelSizeNm * scale } };
  const offset = offsetOf(template);
  return (["optics", "detector"] as const).flatMap((stage) =>
    template[stage].flatMap((step, index) => {
      if (step.kind === "external") return [];
      return Object.entries(usual[step.kind]).flatMap(([name, range]) => {
        const path = `${stage}[${index}].${name}`;
        const isOffset = offsets.some((one) => one.kind === step.kind && one.name === name);
        if (isOffset && path !== offset) return [];
        const own = including(numberAt(step, name), fitting(step, range, tiles[stage]));
        return own.min < own.max ? [{ path, ...own }] : [];
      });
    }),
  );
}

/** The path of the one that is looked for; undefined: there is none. */
function offsetOf(template: Crappifier): string | undefined {
  const there = offsets.flatMap(({ stages, kind, name }) =>
    stages.flatMap((stage) =>
      template[stage].flatMap((step, index) => (step.kind === kind ? [`${stage}[${index}].${name}`] : [])),
    ),
  );
  return there[0];
}

/** What of a range a tile has room for. */
function fitting(step: StepSpec, range: Usual, { side, pixelSizeNm }: TileFacts): Usual {
  const widest = side * blurShare;
  if (step.kind === "gaussian_blur") return { ...range, max: Math.min(range.max, widest) };
  if (step.kind !== "optical_blur") return range;
  const pixel = step.pixel_size.value || pixelSizeNm;
  if (pixel === 0) return range;
  // Rounded up a little: at the bound itself it might not fit.
  const least = (1.001 * lensBlur * step.wavelength.value) / (pixel * widest);
  return { ...range, min: Math.max(range.min, least) };
}

/** The range, wider where the template's own number lies beyond it. */
function including(value: number, { min, max, scale }: Usual): Usual {
  const least = scale === "LOG" && !(value > 0) ? min : Math.min(min, value);
  return { min: least, max: Math.max(max, value), scale };
}

function numberAt(step: StepSpec, name: string): number {
  const [parameter, part] = name.split(".") as [string, "value" | "spread"];
  return (step as unknown as Record<string, Record<typeof part, number>>)[parameter]![part];
}
