/** Microscopes whose numbers are known, and what a fit is told of each: every step of a crappifier alone, and a chain of three. */
import { type Crappifier, parseCrappifier } from "@pssr/crappifiers";
import type { ParameterRange } from "@pssr/optimize";

export interface KnownMicroscope {
  truth: Crappifier;
  template: Crappifier;
  ranges: readonly ParameterRange[];
  /** What is found may be off by so many percent. */
  tolerance: number;
  /** Tiles that are fitted to, where images have as many. */
  tiles: number;
}

type Steps = { optics?: unknown[]; detector?: unknown[] };
type Ends = readonly [path: string, min: number, max: number, scale: ParameterRange["scale"]];

const p = (value: number) => ({ value });

function known(
  { optics = [], detector = [] }: Steps,
  ends: readonly Ends[],
  { tolerance = 5, tiles = 20 } = {},
): KnownMicroscope {
  const truth = parseCrappifier({ sampling: { scale: 4, kernel: "BILINEAR" }, optics, detector }, "crappifier");
  const ranges = ends.map(([path, min, max, scale]) => ({ path, min, max, scale }));
  return { truth, template: ignorant(truth, ranges), ranges, tolerance, tiles };
}

/** The same without what is to be found: the middle of each range. */
function ignorant(truth: Crappifier, ranges: readonly ParameterRange[]): Crappifier {
  const template = structuredClone(truth);
  for (const { path, min, max, scale } of ranges) {
    const middle = scale === "LOG" ? Math.sqrt(min * max) : (min + max) / 2;
    const { stage, index, name } = partsOf(path);
    const step = template[stage][index] as unknown as Record<string, { value: number }>;
    step[name]!.value = name === "size" ? Math.round(middle) : middle;
  }
  return template;
}

export function valueAt(crappifier: Crappifier, path: string): number {
  const { stage, index, name } = partsOf(path);
  return (crappifier[stage][index] as unknown as Record<string, { value: number }>)[name]!.value;
}

function partsOf(path: string): { stage: "optics" | "detector"; index: number; name: string } {
  const [, stage, index, name] = /^(optics|detector)\[(\d)\]\.(\w+)\.value$/.exec(path)!;
  return { stage: stage as "optics" | "detector", index: Number(index), name: name! };
}

export const microscopes: Readonly<Record<string, KnownMicroscope>> = {
  poisson: known({ detector: [{ kind: "poisson", mix: p(1.3) }] }, [["detector[0].mix.value", 0.05, 8, "LOG"]]),
  gaussian: known({ detector: [{ kind: "gaussian", sigma: p(9) }] }, [["detector[0].sigma.value", 0.5, 60, "LOG"]]),
  // Two noises that only contrast tells apart: in 20 tiles of em-fibsem, which has little, no estimate of the read noise in
  // electrons can have a standard error below 3 % (the bound of Cramér and Rao, for normal noise of known means).
  camera: known(
    { detector: [{ kind: "camera", photons: p(150), read_noise: p(8), offset: p(6) }] },
    [
      ["detector[0].photons.value", 5, 20_000, "LOG"],
      ["detector[0].read_noise.value", 0, 50, "LINEAR"],
      ["detector[0].offset.value", -30, 60, "LINEAR"],
    ],
    { tiles: 40 },
  ),
  "salt-and-pepper": known({ detector: [{ kind: "salt_and_pepper", amount: p(0.02) }] }, [
    ["detector[0].amount.value", 0.0005, 0.2, "LOG"],
  ]),
  speckle: known({ detector: [{ kind: "speckle", sigma: p(0.15) }] }, [["detector[0].sigma.value", 0.01, 1, "LOG"]]),
  "gaussian-blur": known({ optics: [{ kind: "gaussian_blur", sigma: p(2.5) }] }, [
    ["optics[0].sigma.value", 0, 8, "LINEAR"],
  ]),
  "optical-blur": known({ optics: [{ kind: "optical_blur", numerical_aperture: p(0.6), pixel_size: p(60) }] }, [
    ["optics[0].numerical_aperture.value", 0.2, 1.5, "LOG"],
  ]),
  "line-jitter": known({ optics: [{ kind: "line_jitter", sigma: p(2) }] }, [["optics[0].sigma.value", 0, 8, "LINEAR"]]),
  // How far, not which way: differences have the same statistics for both.
  drift: known({ optics: [{ kind: "drift", x: p(6), y: p(0) }] }, [["optics[0].x.value", 0, 20, "LINEAR"]]),
  "brightness-bands": known({ detector: [{ kind: "brightness_bands", amplitude: p(8), length: p(1) }] }, [
    ["detector[0].amplitude.value", 0.5, 60, "LOG"],
  ]),
  contrast: known({ detector: [{ kind: "contrast", gamma: p(1.3) }] }, [["detector[0].gamma.value", 0.3, 3, "LOG"]]),
  binning: known({ detector: [{ kind: "binning", size: p(2) }] }, [["detector[0].size.value", 1, 8, "LINEAR"]]),
  chain: known(
    {
      optics: [{ kind: "gaussian_blur", sigma: p(2.5) }],
      detector: [
        { kind: "poisson", mix: p(1.2) },
        { kind: "gaussian", sigma: p(10) },
      ],
    },
    [
      ["optics[0].sigma.value", 0, 8, "LINEAR"],
      ["detector[0].mix.value", 0.05, 8, "LOG"],
      ["detector[1].sigma.value", 0.5, 60, "LOG"],
    ],
    { tolerance: 10 },
  ),
};
